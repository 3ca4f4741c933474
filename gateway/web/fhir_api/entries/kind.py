"""A kind of entry that a batch or a transaction can hold: its method, its address, and the step that it is.

One file per group of kinds stands beside this one, each with its KINDS; nothing else knows the list.
https://hl7.org/fhir/R4/http.html#transaction
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.access.actors import Actor
from gateway.access.policy import Interaction, SystemInteraction, gate, gate_system
from gateway.acts.bundle_steps import Step
from gateway.errors import BadRequest
from gateway.fhir.bundle_entries import Address, EntryRequest, Method
from gateway.fhir.json_codec import Resource
from gateway.store.search import Query
from gateway.web.fhir_api.admission import refuse_unserved, refuse_unusable
from gateway.web.fhir_api.criteria import criteria_among
from gateway.web.fhir_api.parameters import refuse_foreign

TYPE: Final = "resource_type"
ID: Final = "logical_id"


@dataclass(frozen=True, slots=True)
class Asking:
    """One entry, and who sent it. `strict`: parameters of a search that are not served are refused."""

    request: EntryRequest
    actor: Actor
    strict: bool

    def condition(self, name: str) -> str | None:
        """What the entry says in `ifMatch` or one of the others."""
        return self.request.conditions.get(name)

    def criteria(self, type: str) -> Query:
        """What the address asks for. Raises PreconditionFailed for nothing, BadRequest."""
        return criteria_among(type, self.request.address.pairs)

    def body(self, type: str) -> Resource:
        """The resource of the entry. Raises BadRequest when it is missing or of another type."""
        resource, at = self.request.resource, f"{self.request.path}.resource"
        if resource is None:
            raise BadRequest("This entry has to hold a resource.", expression=at)
        if resource["resourceType"] != type:
            raise BadRequest("The resource is not of the type that the address names.", expression=at)
        return resource


@dataclass(frozen=True, slots=True)
class EntryKind:
    """One thing that an entry can ask for.

    rule        the address below the base, as in a route: ``<resource_type>/<logical_id>``
    step        makes the step of an entry, given the parts of its address by name
    conditions  which of ifMatch, ifNoneMatch, ifModifiedSince and ifNoneExist it takes
    by_criteria  what stands behind the question mark says what it is about; else only how to answer
    """

    methods: frozenset[Method]
    rule: str
    interaction: Interaction | SystemInteraction
    step: Callable[..., Step]
    conditions: frozenset[str] = frozenset()
    by_criteria: bool = False

    @property
    def literals(self) -> int:
        """How many parts of the address are given: the more, the closer it fits."""
        return sum(1 for part in self.rule.split("/") if not part.startswith("<"))

    def arguments(self, method: Method, address: Address) -> dict[str, str] | None:
        """The parts of the address by name; None when the address or the method is another kind's."""
        parts = self.rule.split("/") if self.rule else []
        if method not in self.methods or len(parts) != len(address.segments):
            return None
        found: dict[str, str] = {}
        for part, segment in zip(parts, address.segments, strict=True):
            if part.startswith("<"):
                found[part.strip("<>")] = segment
            elif part != segment:
                return None
        return found


@dataclass(frozen=True, slots=True)
class Understood:
    """An entry of which it is known what it asks for, and nothing yet whether it may."""

    kind: EntryKind
    asking: Asking
    arguments: Mapping[str, str]

    @property
    def action(self) -> str:
        """What is tried, for the audit: `update Task`."""
        type = self.arguments.get(TYPE)
        return f"{self.kind.interaction} {type}" if type else self.kind.interaction.value

    def step(self) -> Step:
        """The step. Raises what the single interaction would raise before it reads any data."""
        given: dict[str, Any] = dict(self.arguments)
        if isinstance(self.kind.interaction, SystemInteraction):
            gate_system(self.asking.actor, self.kind.interaction)
        else:
            refuse_unserved(given[TYPE])
            if ID in given:
                refuse_unusable(given[TYPE], given[ID])
            gate(self.asking.actor, self.kind.interaction, given[TYPE])
        for name in self.asking.request.conditions:
            if name not in self.kind.conditions:
                raise BadRequest(
                    f"{name} is no condition of this interaction, and a condition is never ignored.",
                    expression=f"{self.asking.request.path}.request.{name}",
                )
        if not self.kind.by_criteria:
            names = [name for name, _ in self.asking.request.address.pairs]
            writes = self.asking.request.method not in (Method.GET, Method.HEAD)
            refuse_foreign(
                self.kind.interaction, given.get(TYPE), names, writes=writes, strict=self.asking.strict
            )
        return self.kind.step(self.asking, **given)
