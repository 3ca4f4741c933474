"""The ports through which partners are reached. Each folder in gateway/partners/ implements one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

from marshmallow import Schema

from gateway.sync.partner import Partner

Resource: TypeAlias = dict[str, Any]
Secrets: TypeAlias = Callable[[str], str]
"""Reads a secret by its reference (`env:NAME`, `file:PATH`). Raises ConfigError when there is none."""


@dataclass(frozen=True, slots=True)
class Held:
    """A resource as the partner holds it, in the partner's own id space.

    version   its meta.versionId or ETag as the partner wrote it, without `W/""`; None when it gave neither
    is_new    it was made by this very exchange, and not found there
    """

    type: str
    id: str
    version: str | None
    resource: Resource
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a partner's search answer.

    body       the bytes as received
    resources  what the page's entries hold, in order; an OperationOutcome among them is not an entry
    next_url   the partner's own next link, to be followed as given; None on the last page
    """

    body: bytes
    content_type: str
    resources: tuple[Any, ...]
    next_url: str | None


@dataclass(frozen=True, slots=True)
class ReferralNotice:
    """What an agency is told when a referral waits for it. It holds no personal data.

    event       what happened: `referral.sent`, or `referral.cancelled` when it was called back or closed
    timestamp   RFC 3339, when it happened; the same on every repeat of one delivery
    answer_by   RFC 3339 or a date; None when no answer was promised by a time
    fetch       where the agency reads the record, with its own key and under its own grants
    answer      where the agency's own answers go
    """

    event: str
    referral: str
    leg: str
    reference_number: str | None
    timestamp: str
    answer_by: str | None
    fetch: str
    answer: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The partner's word that it has the delivery: the HTTP status, and when, in RFC 3339."""

    status: int
    at: str


class EhrSystem(Protocol):
    """An EHR that speaks FHIR R4. Every failure is a PartnerError, whose `retry` says if again helps."""

    def page(self, type: str, since: str | None, url: str | None = None) -> Page:
        """Resources of `type` changed at or after the instant `since`, oldest first; or the page at `url`."""

    def read(self, type: str, id: str) -> Held | None:
        """The resource as it stands; None when it does not exist or was deleted."""

    def create(self, resource: Resource, if_none_exist: tuple[str, str]) -> Held:
        """The new resource, or the one that carries the identifier (system, value): safe to repeat."""

    def update(self, resource: Resource, if_match: str | None) -> Held:
        """The resource after the update. Raises PartnerConflict when it left the version `if_match`."""


class ReferralChannel(Protocol):
    """A way to tell an agency that a referral waits. Every failure is a PartnerError."""

    def send(self, notice: ReferralNotice, delivery_id: str) -> Receipt:
        """The agency's receipt. A repeat under the same `delivery_id` is the same delivery to the agency."""


@dataclass(frozen=True, slots=True)
class PartnerKind:
    """A kind of system: how its settings are read, and how a partner of this kind is reached.

    settings_schema   marshmallow; its `load` gives the frozen value that becomes `Partner.settings`
    connect           opens nothing yet; the connection is made when first used
    """

    name: str
    settings_schema: type[Schema]
    connect: Callable[[Partner, Secrets], EhrSystem | ReferralChannel]


@runtime_checkable
class AcceptsAnswers(Protocol):
    """Settings of a partner that may post signed answers to /hooks/<partner>."""

    @property
    def answer_secrets(self) -> tuple[str, ...]:
        """References of the secrets its messages may be signed with; several while one is being rotated."""


@runtime_checkable
class HasServiceBase(Protocol):
    """Settings of a partner that holds FHIR resources under an address of its own."""

    @property
    def base_url(self) -> str:
        """The service base without a final slash: absolute references to what it holds begin with it."""
