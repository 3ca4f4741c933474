"""Entries that name their resource by criteria: one that fits is what they write.

What fits is looked for three times: before anything is locked, when the step is settled, and when it is
written. So it is known beforehand which resource is meant, and noticed when something else changed that.
Source: https://hl7.org/fhir/R4/http.html#trules and https://hl7.org/fhir/R4/http.html#cond-update
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar
from uuid import uuid4

from gateway.acts import conditional_steps
from gateway.acts.bundle_steps import Answered, Phase, Settled, Step
from gateway.acts.gateway import Gateway
from gateway.acts.resource_steps import no_client_ids, only_match
from gateway.conformance import patching
from gateway.errors import NotFound, PreconditionFailed
from gateway.fhir.json_codec import Resource
from gateway.fhir.references import relative
from gateway.store.database import Transaction
from gateway.store.search import Query


@dataclass(frozen=True, slots=True)
class _Matching(Step):
    """A step that is about the one resource that fits."""

    criteria: Query

    def condition(self) -> Query | None:
        """The criteria."""
        return self.criteria

    def names(self, tx: Transaction) -> str | None:
        """What fits now."""
        held = only_match(tx, self.criteria)
        return None if held is None else held.reference


@dataclass(frozen=True, slots=True)
class UpdateMatching(_Matching):
    """The next version of what fits, or a new resource."""

    resource: Resource
    expect: int | None = None
    phase: ClassVar[Phase] = Phase.CHANGE

    def settled(self, gateway: Gateway, tx: Transaction) -> Settled:
        """What fits; or the new one. Raises as `update_matching` does for what it cannot be."""
        type, held = self.resource["resourceType"], only_match(tx, self.criteria)
        if held is not None:
            return Settled(held.reference, self._writing(gateway, tx, None), resource=self.resource)
        if "id" in self.resource:
            raise no_client_ids(type)
        if self.expect is not None:
            raise PreconditionFailed("Nothing fits the criteria, so ifMatch names no version.")
        id = str(uuid4())
        writing = self._writing(gateway, tx, id)
        return Settled(relative(type, id), writing, is_new=True, resource=self.resource)

    def _writing(
        self, gateway: Gateway, tx: Transaction, id: str | None
    ) -> Callable[[Resource | None], Answered]:
        def write(resource: Resource | None) -> Answered:
            given = self.resource if resource is None else resource
            kept = conditional_steps.update_matching(
                gateway, tx, given, self.criteria, expect=self.expect, id=id
            )
            return Answered(201 if kept.is_new else 200, kept.version)

        return write


@dataclass(frozen=True, slots=True)
class PatchMatching(_Matching):
    """The next version of what fits, by what is to change in it; `body` and `read` as in Patch."""

    body: Resource
    read: Callable[[Resource], patching.Patch]
    expect: int | None = None
    phase: ClassVar[Phase] = Phase.CHANGE

    def settled(self, gateway: Gateway, tx: Transaction) -> Settled:
        """What fits. Raises NotFound when nothing does."""
        held = only_match(tx, self.criteria)
        if held is None:
            raise NotFound(f"No {self.criteria.type} fits the criteria; nothing was patched.")

        def write(body: Resource | None) -> Answered:
            change = self.read(self.body if body is None else body)
            kept = conditional_steps.patch_matching(gateway, tx, self.criteria, change, expect=self.expect)
            return Answered(200, kept.version)

        return Settled(held.reference, write, resource=self.body)


@dataclass(frozen=True, slots=True)
class DeleteMatching(_Matching):
    """The end of what fits, if anything does."""

    expect: int | None = None
    phase: ClassVar[Phase] = Phase.DELETE

    def settled(self, gateway: Gateway, tx: Transaction) -> Settled:
        """What fits, or nothing."""

        def write(_: Resource | None) -> Answered:
            return Answered(
                204, conditional_steps.delete_matching(gateway, tx, self.criteria, expect=self.expect)
            )

        return Settled(self.names(tx), write)
