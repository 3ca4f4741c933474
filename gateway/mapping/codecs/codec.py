"""What every codec promises."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

from gateway.mapping.values import MISSING

# Where inside a FHIR value a leaf stands: () is the value itself, ("coding", 0, "code") a leaf of a concept.
Part: TypeAlias = tuple[str | int, ...]


class Codec(Protocol):
    """One FHIR value, one record value."""

    def read(self, value: Any) -> Any:
        """The record's value, or None when this FHIR value is not read."""

    def write(self, value: Any, old: Any) -> Any:
        """The FHIR value that reads as `value`, keeping what it can of `old`; MISSING: there is none."""

    def clear(self, old: Any) -> Any:
        """What is left of `old` when the record has no value; MISSING for nothing."""

    def parts(self, value: Any) -> tuple[Part, ...]:
        """The leaves of a FHIR value that reading it looked at."""

    def identity(self, value: Any) -> Any:
        """What makes a record value the same item of a list although its words changed; hashable."""


class Leaf:
    """A codec of primitive FHIR values: nothing inside to keep."""

    __slots__ = ()

    def clear(self, old: Any) -> Any:
        """See Codec."""
        return MISSING

    def parts(self, value: Any) -> tuple[Part, ...]:
        """See Codec."""
        return ((),)

    def identity(self, value: Any) -> Any:
        """See Codec."""
        return (type(value) is bool, value)
