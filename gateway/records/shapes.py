"""The shapes several records share: a coding, a concept, a name, an address, a note.

Every shape accepts null for what may be absent, refuses what it does not know, and knows which of its
fields are read-only. Field names are the records' own; `mappings/` says where each lives in FHIR.
"""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema, fields

from gateway.records.scalars import (
    CodeText,
    DateText,
    DateTimeText,
    InstantText,
    RecordId,
    ReferenceText,
    Text,
    Uri,
    WholeNumber,
    YesNo,
)


class Shape(Schema):
    """An object of named fields. Unknown fields are refused; an optional one may be null."""

    class Meta:
        unknown = RAISE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Let every optional field be null: null, absent and an empty list mean the same in a record."""
        if not field_obj.required:
            field_obj.allow_none = True


class Record(Shape):
    """What every record has besides its own fields; all of it is kept by the gateway."""

    id = RecordId("", dump_only=True)
    version = Text(dump_only=True)
    updated_at = InstantText(dump_only=True)
    source = Text(dump_only=True)


def one(shape: type[Shape], **kwargs: Any) -> fields.Nested:
    """One object of this shape."""
    return fields.Nested(shape, **kwargs)


def many(shape: type[Shape] | fields.Field[Any], **kwargs: Any) -> fields.List[Any]:
    """A list of objects of this shape, or of single values."""
    return fields.List(shape if isinstance(shape, fields.Field) else fields.Nested(shape), **kwargs)


class Coding(Shape):
    """One code of a code system.

    Source: https://hl7.org/fhir/R4/datatypes.html#Coding
    """

    system = Uri()
    code = CodeText()
    display = Text()


class Concept(Coding):
    """A code, the words somebody chose for it, or both. Further codes for the same idea stay in FHIR.

    Source: https://hl7.org/fhir/R4/datatypes.html#CodeableConcept
    """

    text = Text()


class Identifier(Shape):
    """A number somebody gave: an NHS number, a hospital number, an order number.

    ``kind`` is its type as a code; ``verified`` says that the number was checked against its issuer.
    Source: https://hl7.org/fhir/R4/datatypes.html#Identifier
    """

    system = Uri(required=True)
    value = Text(required=True)
    use = CodeText("usual", "official", "temp", "secondary", "old")
    kind = one(Coding)
    kind_text = Text()
    starts_on = DateText()
    ends_on = DateText()
    issuer = RecordId("organisation")
    issuer_text = Text()
    verified = YesNo()


class GroupIdentifier(Shape):
    """The number that several requests or tasks share because they were made together.

    Source: https://hl7.org/fhir/R4/datatypes.html#Identifier
    """

    system = Uri()
    value = Text()
    use = CodeText("usual", "official", "temp", "secondary", "old")
    kind = one(Coding)
    kind_text = Text()
    issuer_text = Text()


class LogicalReference(Shape):
    """The number by which a reference names its target when it gives no address; read as it stands.

    Source: https://hl7.org/fhir/R4/references.html#logical
    """

    system = Uri()
    value = Text()
    use = CodeText("usual", "official", "temp", "secondary", "old")


class Name(Shape):
    """A person's name, in parts or as one text.

    Source: https://hl7.org/fhir/R4/datatypes.html#HumanName
    """

    use = CodeText("usual", "official", "temp", "nickname", "anonymous", "old", "maiden")
    family = Text()
    given = many(Text())
    prefix = many(Text())
    suffix = many(Text())
    text = Text()
    starts_on = DateText()
    ends_on = DateText()


class Address(Shape):
    """A postal address or a place that can be visited.

    Source: https://hl7.org/fhir/R4/datatypes.html#Address
    """

    use = CodeText("home", "work", "temp", "old", "billing")
    kind = CodeText("postal", "physical", "both")
    lines = many(Text())
    city = Text()
    district = Text()
    region = Text()
    postcode = Text()
    country = Text()
    text = Text()
    starts_on = DateText()
    ends_on = DateText()


class Telecom(Shape):
    """A phone number, e-mail address or the like; ``rank`` 1 is to be tried first.

    Source: https://hl7.org/fhir/R4/datatypes.html#ContactPoint
    """

    kind = CodeText("phone", "fax", "email", "pager", "url", "sms", "other", required=True)
    value = Text(required=True)
    use = CodeText("home", "work", "temp", "old", "mobile")
    rank = WholeNumber(least=1)
    starts_on = DateText()
    ends_on = DateText()


class Note(Shape):
    """Something somebody wrote down; ``by`` is a name as text or a reference with its type.

    Source: https://hl7.org/fhir/R4/datatypes.html#Annotation
    """

    text = Text(required=True)
    at = DateTimeText()
    by = Text()
    by_text = Text(dump_only=True)


class Link(Shape):
    """One source's Patient that is this person; kept by linking and unlinking, never by writing a record."""

    source = Text(dump_only=True)
    patient = ReferenceText(dump_only=True)
    linked_at = InstantText(dump_only=True)
    how = Text(dump_only=True)
