"""What OpenAPI says of a field in words: the form of its values, as the class that checks them states it."""

from __future__ import annotations

import inspect
from typing import Any, Final

from marshmallow import fields

from gateway.records import scalars

_SELF_EXPLAINING: Final = (scalars.Text, scalars.YesNo)


def field_words(converter: Any, field: fields.Field[Any], **_: Any) -> dict[str, str]:
    """The description of a field that has none of its own; empty where the type alone says all.

    apispec calls it with its converter first, for every field.
    """
    kind = type(field)
    if "description" in field.metadata or kind in _SELF_EXPLAINING or kind.__module__ != scalars.__name__:
        return {}
    if isinstance(field, scalars.RecordId):
        named = field.of.replace("_", " ")
        return {
            "description": f"Id ({named}), or an absolute reference." if named else "The record's own id."
        }
    return {"description": _first_sentence(kind)}


def _first_sentence(kind: type) -> str:
    return (inspect.getdoc(kind) or "").partition("\n\n")[0].replace("\n", " ").replace("``", "")
