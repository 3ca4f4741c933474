"""A partner: one hospital or agency with a system of a kind, as its file in config/partners/ describes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.sync.abilities import Abilities

if TYPE_CHECKING:
    from gateway.fhir.identifiers import Identifier


@dataclass(frozen=True, slots=True)
class Partner:
    """One partner, read from config/partners/<name>.yaml and never changed while the gateway runs.

    name                  the file's name; also the source of everything received from it
    kind                  a folder in gateway/partners/
    organisation          the business identifier by which its Organization resource is found
    pulls                 resource types polled from it, in this order: Patient before what is about one
    pushes                resource types it is sent when they change here
    verified_identifiers  identifier systems whose values this partner has verified with their issuer
    answer_within_days    how long it may take to answer a referral before it counts as silent
    overlays              mapping overlays, applied in this order
    settings              what the kind's settings schema loaded: frozen, with secrets by reference only
    """

    name: str
    title: str
    kind: str
    organisation: Identifier | None = None
    pulls: tuple[str, ...] = ()
    pushes: tuple[str, ...] = ()
    poll_every_s: int = 60
    verified_identifiers: tuple[str, ...] = ()
    answer_within_days: int = 7
    overlays: tuple[str, ...] = ()
    abilities: Abilities = field(default_factory=Abilities)
    settings: object = None
