"""The single values records are made of: checked as they stand, never converted.

A record travels as plain JSON, and what a client sent is what is written: "1" is not a number here, 1 is
not a yes, and a date keeps the precision it was given. So every field checks and none coerces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from marshmallow import ValidationError, fields, validate

from gateway.fhir.dates import FhirDate, FhirDateTime, FhirInstant

# FHIR strings hold at least one visible character and no control characters but tab, CR and LF.
# Source: https://hl7.org/fhir/R4/datatypes.html#string
_TEXT = re.compile(r"\A[\r\n\t\u0020-\U0010FFFF]*[^\s][\r\n\t\u0020-\U0010FFFF]*\Z")
_CODE = re.compile(r"\A[^\s]+(\s[^\s]+)*\Z")
_ID = re.compile(r"\A[A-Za-z0-9\-.]{1,64}\Z")
_URI = re.compile(r"\A\S+\Z")
_TYPED = re.compile(r"\A[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}(/_history/[A-Za-z0-9\-.]{1,64})?\Z")

Values = Mapping[str, Any] | None


class Text(fields.String):
    """Words people write: at least one visible character, no control characters.

    Source: https://hl7.org/fhir/R4/datatypes.html#string
    """

    refusal: ClassVar[str] = "must hold at least one visible character and no control characters"
    pattern: ClassVar[re.Pattern[str]] = _TEXT

    def _deserialize(self, value: Any, attr: str | None, data: Values, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError("must be text in quotes")
        if self.pattern.match(value) is None:
            raise ValidationError(self.refusal)
        return value


class CodeText(Text):
    """A FHIR code; with ``choices``, one of these only.

    Source: https://hl7.org/fhir/R4/datatypes.html#code
    """

    refusal: ClassVar[str] = "must be a code: no spaces at the ends, single spaces within"
    pattern = _CODE

    def __init__(self, *choices: str, **kwargs: Any) -> None:
        if choices:
            kwargs["validate"] = validate.OneOf(choices, error="must be one of: {choices}")
        super().__init__(**kwargs)


class Uri(Text):
    """A URI, such as the name of a code system or of an identifier's issuer.

    Source: https://hl7.org/fhir/R4/datatypes.html#uri
    """

    refusal: ClassVar[str] = "must be a URI without spaces"
    pattern = _URI


class ItemId(Text):
    """The id of an item in a list, stable for as long as the item lives.

    Source: https://hl7.org/fhir/R4/datatypes.html#string (Element.id: any string without spaces)
    """

    refusal: ClassVar[str] = "must be an id without spaces"
    pattern = _URI


class RecordId(Text):
    """Another record: its id, or the whole text of a reference that is no record of ours.

    A URL, ``urn:…`` or ``#contained`` stands for itself; ``of`` names the record that an id belongs to.
    Source: https://hl7.org/fhir/R4/references.html
    """

    refusal: ClassVar[str] = "must be the id of a record or an absolute reference"

    def __init__(self, of: str, **kwargs: Any) -> None:
        self.of = of
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Values, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not (_ID.match(text) or _stands_for_itself(text)):
            raise ValidationError(self.refusal)
        return text


class ReferenceText(Text):
    """A FHIR reference with its type, ``Practitioner/9``, where several types can stand.

    Source: https://hl7.org/fhir/R4/references.html#literal
    """

    refusal: ClassVar[str] = (
        "must be a reference with its type, such as 'Practitioner/9', or an absolute reference"
    )

    def _deserialize(self, value: Any, attr: str | None, data: Values, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not (_TYPED.match(text) or _stands_for_itself(text)):
            raise ValidationError(self.refusal)
        return text


class DateText(Text):
    """A FHIR date with the precision it was given: 1987, 1987-06 or 1987-06-05.

    Source: https://hl7.org/fhir/R4/datatypes.html#date
    """

    refusal: ClassVar[str] = "must be a date: 1987, 1987-06 or 1987-06-05"
    parses: ClassVar[type[FhirDate] | type[FhirDateTime] | type[FhirInstant]] = FhirDate

    def _deserialize(self, value: Any, attr: str | None, data: Values, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            self.parses.parse(text)
        except ValueError as problem:
            raise ValidationError(self.refusal) from problem
        return text


class DateTimeText(DateText):
    """A FHIR dateTime: a date of any precision, or RFC 3339 with its zone.

    Source: https://hl7.org/fhir/R4/datatypes.html#dateTime
    """

    refusal: ClassVar[str] = "must be a date (1987, 1987-06, 1987-06-05) or a time with its zone"
    parses = FhirDateTime


class InstantText(DateText):
    """An RFC 3339 moment, to the second or finer, with its zone.

    Source: https://hl7.org/fhir/R4/datatypes.html#instant
    """

    refusal: ClassVar[str] = "must be a time with its zone, such as 2026-11-22T09:30:00Z"
    parses = FhirInstant


class YesNo(fields.Boolean):
    """true or false; not "yes", not 1."""

    refusal: ClassVar[str] = "must be true or false"

    def _deserialize(self, value: Any, attr: str | None, data: Values, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError(self.refusal)
        return value


class WholeNumber(fields.Integer):
    """A JSON number without a fraction, at least ``least``."""

    def __init__(self, *, least: int = 0, **kwargs: Any) -> None:
        self.least = least
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Values, **kwargs: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValidationError("must be a whole number")
        if value < self.least:
            raise ValidationError(f"must be at least {self.least}")
        return value


class DecimalNumber(fields.Decimal):
    """A JSON number whose digits are kept: 1.10 stays 1.10."""

    refusal: ClassVar[str] = "must be a number, without quotes"

    def _deserialize(self, value: Any, attr: str | None, data: Values, **kwargs: Any) -> Decimal:
        number = isinstance(value, int | Decimal) and not isinstance(value, bool)
        if not number or not Decimal(value).is_finite():
            raise ValidationError(self.refusal)
        # The number itself is returned: an int stays an int, so that nothing is rewritten on its way to FHIR.
        return value  # type: ignore[no-any-return]


class YesNoOrTime(fields.Field[bool | str]):
    """true, false, or a FHIR dateTime: a fact whose moment may be known."""

    refusal: ClassVar[str] = "must be true, false, a date, or a time with its zone"

    def _deserialize(self, value: Any, attr: str | None, data: Values, **kwargs: Any) -> bool | str:
        if isinstance(value, bool):
            return value
        try:
            time: str = DateTimeText().deserialize(value)
        except ValidationError as problem:
            raise ValidationError(self.refusal) from problem
        return time


def _stands_for_itself(text: str) -> bool:
    return _URI.match(text) is not None and ("://" in text or text.startswith(("urn:", "#")))
