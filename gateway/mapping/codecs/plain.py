"""Values that are the same on both sides: text, numbers, yes and no."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from gateway.fhir.dates import FhirDate, FhirDateTime, FhirInstant
from gateway.mapping.codecs.codec import Leaf
from gateway.mapping.values import MISSING, is_number


class PlainKind(StrEnum):
    """Which primitive values are taken."""

    ANY = "any"
    TEXT = "text"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    DATE_TIME = "dateTime"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class Plain(Leaf):
    """The value as it stands, when it is of the kind; any other value is not read and cannot be written."""

    kind: PlainKind = PlainKind.ANY

    def read(self, value: Any) -> Any:
        """See Codec."""
        return value if _TAKES[self.kind](value) else None

    def write(self, value: Any, old: Any) -> Any:
        """See Codec."""
        return value if _TAKES[self.kind](value) else MISSING


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_primitive(value: Any) -> bool:
    return isinstance(value, str | bool) or is_number(value)


def _is(kind: type[FhirDate] | type[FhirDateTime]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and kind.is_valid(value)


_TAKES: Final[Mapping[PlainKind, Callable[[Any], bool]]] = {
    PlainKind.ANY: _is_primitive,
    PlainKind.TEXT: _is_text,
    PlainKind.BOOLEAN: _is_boolean,
    PlainKind.INTEGER: _is_integer,
    PlainKind.DECIMAL: is_number,
    PlainKind.DATE: _is(FhirDate),
    PlainKind.DATE_TIME: _is(FhirDateTime),
    PlainKind.INSTANT: _is(FhirInstant),
}

# The type at the end of the name of a value[x] says what it can hold.
# Source: https://hl7.org/fhir/R4/formats.html#choice
KIND_OF_SUFFIX: Final[Mapping[str, PlainKind]] = {
    "Boolean": PlainKind.BOOLEAN,
    "Integer": PlainKind.INTEGER,
    "PositiveInt": PlainKind.INTEGER,
    "UnsignedInt": PlainKind.INTEGER,
    "Decimal": PlainKind.DECIMAL,
    "Date": PlainKind.DATE,
    "DateTime": PlainKind.DATE_TIME,
    "Instant": PlainKind.INSTANT,
    "String": PlainKind.TEXT,
    "Markdown": PlainKind.TEXT,
    "Code": PlainKind.TEXT,
    "Uri": PlainKind.TEXT,
    "Url": PlainKind.TEXT,
    "Canonical": PlainKind.TEXT,
    "Id": PlainKind.TEXT,
    "Oid": PlainKind.TEXT,
    "Uuid": PlainKind.TEXT,
    "Time": PlainKind.TEXT,
    "Base64Binary": PlainKind.TEXT,
}

# Types of value[x] that are objects; with the primitives above, all that R4 knows.
COMPLEX_SUFFIXES: Final = frozenset(
    [
        "Address",
        "Age",
        "Annotation",
        "Attachment",
        "CodeableConcept",
        "Coding",
        "ContactPoint",
        "Count",
        "Distance",
        "Duration",
        "HumanName",
        "Identifier",
        "Money",
        "Period",
        "Quantity",
        "Range",
        "Ratio",
        "Reference",
        "SampledData",
        "Signature",
        "Timing",
        "ContactDetail",
        "Contributor",
        "DataRequirement",
        "Expression",
        "ParameterDefinition",
        "RelatedArtifact",
        "TriggerDefinition",
        "UsageContext",
        "Dosage",
        "Meta",
    ]
)
