"""References: the id of another record, or the reference text where several types can stand.

Source: https://hl7.org/fhir/R4/references.html#literal
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gateway.fhir.references import Reference, ReferenceKind, parse_reference, relative
from gateway.mapping.codecs.codec import Leaf
from gateway.mapping.values import MISSING

_FOREIGN = frozenset({ReferenceKind.ABSOLUTE, ReferenceKind.URN, ReferenceKind.FRAGMENT})


def _may_refer(value: Any) -> bool:
    # Most texts that are no reference have none of these; a fast answer before the exact one.
    return isinstance(value, str) and ("/" in value or ":" in value or "#" in value or "?" in value)


def _stands_for_itself(reference: Reference) -> bool:
    # "urn:oid:…" and URLs that do not end in Type/id are of kind OTHER, and still name one thing.
    return reference.kind in _FOREIGN or "://" in reference.text or reference.text.startswith("urn:")


@dataclass(frozen=True, slots=True)
class RecordReference(Leaf):
    """`Patient/9`, also with a version, reads as `9`; what is no relative reference reads as its whole text.

    With `typed_only` (two rules share one list) only what shows its type is read: no urn:, no #contained.
    """

    type: str
    typed_only: bool = False

    def read(self, value: Any) -> str | None:
        """See Codec."""
        if not _may_refer(value):
            return None
        reference = parse_reference(value)
        if reference.kind is ReferenceKind.RELATIVE:
            return reference.id if reference.type == self.type else None
        if self.typed_only and reference.type != self.type:
            return None
        return value if _stands_for_itself(reference) else None

    def write(self, value: Any, old: Any) -> Any:
        """See Codec."""
        if not isinstance(value, str):
            return MISSING
        for text in (value, relative(self.type, value)):
            if self.read(text) == value:
                return text
        return MISSING


@dataclass(frozen=True, slots=True)
class AnyReference(Leaf):
    """The reference text as it stands, when its type is one of `types` (empty: any) or cannot be told."""

    types: frozenset[str] = frozenset()
    typed_only: bool = False

    def read(self, value: Any) -> str | None:
        """See Codec."""
        if not _may_refer(value):
            return None
        reference = parse_reference(value)
        if reference.kind is ReferenceKind.RELATIVE or self.typed_only:
            return value if reference.type is not None and self._takes(reference.type) else None
        return value if _stands_for_itself(reference) else None

    def write(self, value: Any, old: Any) -> Any:
        """See Codec."""
        return MISSING if self.read(value) is None else value

    def _takes(self, type_name: str) -> bool:
        return not self.types or type_name in self.types
