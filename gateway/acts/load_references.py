"""References of loaded resources, from the source's id space into ours.

`urn:uuid:` and addresses name an entry of the same Bundle, a relative reference names (type, id) at the
source; both become ours through the ledger, also when what they name has not arrived yet. A conditional
reference is resolved among the files and what the source holds here. What cannot be resolved is kept.
Source: https://hl7.org/fhir/R4/bundle.html#references
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from gateway.acts.load_parcels import Identity, Item, Survey
from gateway.errors import UnknownParameter
from gateway.fhir.identifiers import Identifier
from gateway.fhir.json_codec import Resource
from gateway.fhir.references import Reference, ReferenceKind, parse_reference, relative, rewrite, walk
from gateway.store import ledger
from gateway.store.database import Transaction
from gateway.store.search import Query, search


@dataclass(frozen=True, slots=True)
class Translation:
    """From one source's ids to ours within one transaction. `ids` remembers what was asked."""

    tx: Transaction
    source: str
    named: Mapping[str, Identity]
    known: Survey
    ids: dict[Identity, str]

    def ours(self, item: Item) -> tuple[Resource, list[str]]:
        """The resource under our id with references of ours, and the paths of those kept as they stand."""
        kept: set[str] = set()

        def change(text: str) -> str:
            translated = self._reference(parse_reference(text), item)
            if translated is None:
                kept.add(text)
            return text if translated is None else translated

        resource = rewrite(item.resource, change)
        paths = [path for path, holder in walk(resource) if holder["reference"] in kept] if kept else []
        return {**resource, "id": self._id(item.identity)}, paths

    def _reference(self, reference: Reference, item: Item) -> str | None:
        """The reference as it reads here, or None when its target cannot be found."""
        if (identity := self.named.get(reference.text)) is not None:
            return self._relative(identity)
        match reference.kind:
            case ReferenceKind.RELATIVE:
                return self._relative(_identity(reference))
            case ReferenceKind.ABSOLUTE if item.base is not None and reference.base == item.base:
                return self._relative(_identity(reference))
            case ReferenceKind.CONDITIONAL:
                return self._conditional(reference)
            case ReferenceKind.URN:
                return None
        return reference.text  # contained, at another server, or of no kind we know: right as it stands

    def _conditional(self, reference: Reference) -> str | None:
        """The one resource of the source that fits, if it is one. Only `identifier` is looked up."""
        type, _, query = reference.text.partition("?")
        criteria = parse_qsl(query)
        if [name for name, _ in criteria] != ["identifier"]:
            return None
        system, _, value = criteria[0][1].rpartition("|")
        carriers = self.known.identifiable.get((type, Identifier(system, value)), set())
        if len(carriers) == 1:
            return self._relative(next(iter(carriers)))
        return self._held(type, criteria[0][1]) if not carriers else None

    def _held(self, type: str, token: str) -> str | None:
        try:
            found = search(self.tx, Query.of(type, [("identifier", token)], source=self.source)).versions
        except UnknownParameter:  # a type that is stored but not searched
            return None
        return found[0].reference if len(found) == 1 else None

    def _relative(self, identity: Identity) -> str:
        return relative(identity.type, self._id(identity))

    def _id(self, identity: Identity) -> str:
        if identity not in self.ids:
            self.ids[identity] = ledger.ours_or_new(self.tx, self.source, *identity)
        return self.ids[identity]


def _identity(reference: Reference) -> Identity:
    assert reference.type is not None
    assert reference.id is not None
    return Identity(reference.type, reference.id)
