"""The links between the entries of a transaction, and its conditional references, as they read here.

A conditional reference means the one resource that fits once the transaction is done: of what is stored,
without what it changes, and of what it brings. It is looked for in the writer's own source first, as
creations are: others hold the same things under the same numbers. What the writer cannot see is never found.
Source: https://hl7.org/fhir/R4/http.html#trules
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from gateway.access.policy import Interaction
from gateway.acts.bundle_refusals import at_entry
from gateway.acts.gateway import Gateway
from gateway.acts.shape import refuse_broken
from gateway.conformance.linking import Changes, relinked
from gateway.errors import BadRequest, PreconditionFailed
from gateway.fhir.bundle_links import Links, Target, base_of
from gateway.fhir.json_codec import Resource
from gateway.fhir.references import ReferenceKind, parse_reference, walk
from gateway.fhir.resource_types import R4_TYPES
from gateway.store import audit, resources
from gateway.store.criteria import demands_of
from gateway.store.database import Transaction
from gateway.store.matching import plan_for_search
from gateway.store.search import Query, search

ReadCondition = Callable[[str, str], Query]
"""The search that a type and its criteria ask for. Raises BadRequest, and PreconditionFailed for none."""


@dataclass(frozen=True, slots=True)
class _Brought:
    """A resource that the transaction writes, and the id under which it does."""

    reference: str
    resource: Resource
    is_new: bool
    full_url: str | None


@dataclass(slots=True)
class References:
    """The links of one transaction, whose every resource has its id by now.

    targets   what each entry becomes, by the name of its fullUrl
    promised  the version that a link was told, by reference
    """

    gateway: Gateway
    tx: Transaction
    read_condition: ReadCondition
    targets: Mapping[str, Target]
    promised: dict[str, int] = field(default_factory=dict)
    _brought: dict[int, _Brought] = field(default_factory=dict)
    _found: dict[str, str] = field(default_factory=dict)
    _checked: set[int] = field(default_factory=set)

    def brings(
        self, position: int, reference: str, resource: Resource, *, is_new: bool, full_url: str | None
    ) -> None:
        """The entry at `position` writes this resource."""
        self._brought[position] = _Brought(reference, resource, is_new, full_url)

    def changed(self, position: int) -> Resource | None:
        """What the entry writes, its links leading where they lead now; None when it brings no resource.

        Raises BadRequest for a link to an entry that is not there, PreconditionFailed for a conditional
        reference that not exactly one resource fits.
        """
        brought = self._brought.get(position)
        if brought is None:
            return None
        links = Links(self.targets, base_of(brought.full_url, self.gateway.fhir_base))

        def address(text: str) -> str:
            return self._noted(links.leads_to(text)) or text

        def reference(text: str) -> str:
            return self._noted(links.leads_to(text)) or self._looked_up(text, brought.resource)

        def uuid(text: str) -> str:
            return links.uuid_of(text) or text

        return relinked(brought.resource, Changes(reference, address, uuid))

    def _noted(self, link: str | None) -> str | None:
        if link is not None and (said := parse_reference(link)).version is not None:
            self.promised[f"{said.type}/{said.id}"] = int(said.version)
        return link

    def _looked_up(self, text: str, resource: Resource) -> str:
        if parse_reference(text).kind is ReferenceKind.URN:
            raise BadRequest(
                "This names an entry of the Bundle by its fullUrl, and no entry has it.",
                expression=_place(resource, text),
            )
        below = text.removeprefix(f"{self.gateway.fhir_base}/")
        type, asks, _ = below.partition("?")
        if not asks or type not in R4_TYPES:
            return text
        if below not in self._found:
            self._found[below] = self._one(below, _place(resource, text))
        return self._found[below]

    def _one(self, text: str, place: str) -> str:
        type, _, criteria = text.partition("?")
        query = self.read_condition(type, criteria)
        fitting = self._fitting(query, self.tx.actor.source) or self._fitting(query, None)
        if len(fitting) != 1:
            many = "More than one resource fits" if fitting else "No resource fits"
            raise PreconditionFailed(
                f"{many} this conditional reference; exactly one must.", expression=place
            )
        [found] = fitting
        audit.record(
            self.tx,
            f"{Interaction.SEARCH} {type}",
            (found,),
            detail="what a conditional reference names",
            query=query.text,
        )
        return found

    def _fitting(self, query: Query, source: str | None) -> set[str]:
        """At least two of what fits, if there are two: of one source, or of all that the actor sees."""
        # What is patched is here looked for as it is stored: what it will say, nobody knows yet.
        changed = {
            brought.reference
            for brought in self._brought.values()
            if brought.reference.startswith(f"{brought.resource['resourceType']}/")
        }
        fitting = set(self._brought_fitting(query, source))
        wanted = replace(query, source=source, count=100)
        while len(fitting) < 2:
            page = search(self.tx, wanted)
            fitting |= {version.reference for version in page.versions} - changed
            if page.next_cursor is None:
                break
            wanted = replace(wanted, cursor=page.next_cursor)
        return fitting

    def _brought_fitting(self, query: Query, source: str | None) -> Iterator[str]:
        demands = demands_of(self.tx, query, plan_for_search(self.tx).now)[query.type]
        for position, brought in self._brought.items():
            if brought.resource["resourceType"] != query.type:
                continue
            if position not in self._checked:  # only what is R4 can be asked what it says
                with at_entry(position):
                    refuse_broken(brought.resource)
                self._checked.add(position)
            known = {**brought.resource, "id": brought.reference.rpartition("/")[2]}
            if all(demand.is_met_by(known) for demand in demands) and self._is_of(brought, source):
                yield brought.reference

    def _is_of(self, brought: _Brought, source: str | None) -> bool:
        if source is None or brought.is_new:
            return True
        said = parse_reference(brought.reference)
        held = resources.find(self.tx, str(said.type), str(said.id))
        return held is not None and held.source == source


def _place(resource: Resource, text: str) -> str:
    return next((path for path, holder in walk(resource) if holder["reference"] == text), "")
