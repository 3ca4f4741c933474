"""What compiled code calls: small things that would be the same lines over and over in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from gateway.fhir.dates import FhirDate, FhirDateTime, FhirInstant
from gateway.fhir.references import relative
from gateway.fhir.resource_types import R4_TYPES
from gateway.mapping.codecs import Codec, Codes, Concept, TranslatedConcept
from gateway.mapping.elements import replace
from gateway.mapping.guards import holds, is_ours
from gateway.mapping.narrative import narrated
from gateway.mapping.reading import is_one_of
from gateway.mapping.reading_words import tuple_of, word_of
from gateway.mapping.rules import BackLinkedParts, Joint, Word
from gateway.mapping.values import MISSING, contains, dig, is_hollow, tidy
from gateway.mapping.writing import with_fixed


class Unsure(Exception):
    """The record holds something that only the interpreter can judge: it is asked instead."""


SINGLE: Final = (str, bool, int, Decimal)
NUMBER: Final = (int, Decimal)
_CONCEPT: Final = Concept()
_ID: Final = r"[A-Za-z0-9\-._]{1,64}"
ID: Final = re.compile(_ID).fullmatch
ANY_LINK: Final = re.compile(rf"([A-Z][A-Za-z]+)/{_ID}(?:/_history/{_ID})?").fullmatch


def link_to(type_name: str) -> Any:
    """What matches a relative reference to this type, also a versioned one; its first group is the id."""
    return re.compile(rf"{re.escape(type_name)}/({_ID})(?:/_history/{_ID})?").fullmatch


def listed(raw: Any) -> Sequence[Any]:
    """The items of a list; a single value where a list belongs is a list of one, null is none."""
    return raw if isinstance(raw, list) else () if raw is None else (raw,)


def first(node: Any) -> Any:
    """The first item of a list, or the single object that stands for one."""
    if isinstance(node, list):
        return node[0] if node else MISSING
    return node if isinstance(node, dict) else MISSING


def first_with(node: Any, name: str, value: Any) -> Any:
    """The first item of which this element has this text."""
    for item in node if isinstance(node, list) else (node,):
        if isinstance(item, dict) and item.get(name) == value:
            return item
    return MISSING


def first_like(node: Any, pattern: Mapping[str, Any]) -> Any:
    """The first item that contains the pattern."""
    for item in node if isinstance(node, list) else (node,):
        if isinstance(item, dict) and contains(item, pattern):
            return item
    return MISSING


def code_in(value: Any) -> Any:
    """What Concept reads of a CodeableConcept, and faster where it has one coding."""
    if not isinstance(value, dict) or "coding" not in value:
        return None
    codings = value["coding"]
    if codings.__class__ is not list or len(codings) != 1 or codings[0].__class__ is not dict:
        return _CONCEPT.read(value)
    coding = codings[0]
    code, system, display = coding.get("code"), coding.get("system"), coding.get("display")
    if code.__class__ is not str:
        return None
    shown = {"code": code} if system.__class__ is not str else {"system": system, "code": code}
    if display.__class__ is str:
        shown["display"] = display
    return shown


def by_id(parts: Sequence[Any]) -> dict[str, Any]:
    """The first part of each id."""
    found: dict[str, Any] = {}
    for part in parts:
        if isinstance(part.get("id"), str):
            found.setdefault(part["id"], part)
    return found


def joint_word(rule: Joint, raws: list[Any]) -> Word | None:
    """The word for what these elements say together."""
    said = tuple_of(raws)
    return None if said is None else rule.ours_of.get(said)


def linked_to(rule: BackLinkedParts, part: Any, root: Any) -> Any:
    """The part with its link to the root. Raises Unsure when it is none of the rule's list even so."""
    linked = replace(part, rule.by, relative(root["resourceType"], root["id"]))
    if not is_one_of(rule, linked, root):
        raise Unsure
    return linked


def nothing_in(value: Any) -> None:
    """Raises Unsure when the record's value says something that cannot be written as it is."""
    if tidy(value) is not None:
        raise Unsure


def written(codec: Codec, value: Any, old: Any = None) -> Any:
    """What the codec writes for the record's value; None when the value says nothing.

    old   what the element holds by now
    Raises Unsure when the value cannot be written, would not read back, or loses what is to be told.
    """
    if value is None:
        return None
    if isinstance(codec, Codes | TranslatedConcept) and codec.lossy_out(value):
        raise Unsure
    new = codec.write(value, MISSING if old is None else old)
    if new is MISSING or codec.read(new) is None:
        nothing_in(value)
        return None
    return new


def concept(codec: Concept, value: Any, old: Any = None) -> Any:
    """The same for a code, and faster for a plain one."""
    if value.__class__ is dict:
        code, system, display = value.get("code"), value.get("system"), value.get("display")
        if code.__class__ is str:
            coding = {"code": code} if system.__class__ is not str else {"system": system, "code": code}
            if display.__class__ is str:
                coding["display"] = display
            if len(coding) == len(value):
                return {"coding": [coding]}
            if codec.with_text and len(coding) + 1 == len(value) and value.get("text").__class__ is str:
                return {"coding": [coding], "text": value["text"]}
    return written(codec, value, old)


def fresh(pattern: Any) -> Any:
    """A copy of a pattern that may be altered."""
    if isinstance(pattern, Mapping):
        return {name: fresh(child) for name, child in pattern.items()}
    return [fresh(child) for child in pattern] if isinstance(pattern, list | tuple) else pattern


def add(holder: dict[str, Any], name: str, items: list[Any]) -> None:
    """Append to a list of an object that is being made."""
    if name in holder:
        holder[name].extend(items)
    else:
        holder[name] = items


NAMESPACE: Final[Mapping[str, Any]] = {
    "SINGLE": SINGLE,
    "NUMBER": NUMBER,
    "NOTHING": {},
    "MISSING": MISSING,
    "R4_TYPES": R4_TYPES,
    "Unsure": Unsure,
    "ID": ID,
    "ANY_LINK": ANY_LINK,
    "linked_to": linked_to,
    "listed": listed,
    "first": first,
    "first_with": first_with,
    "first_like": first_like,
    "PLAIN_DATE": FhirDate.plain.fullmatch,
    "PLAIN_DATE_TIME": FhirDateTime.plain.fullmatch,
    "PLAIN_INSTANT": FhirInstant.plain.fullmatch,
    "is_date": FhirDate.is_valid,
    "is_date_time": FhirDateTime.is_valid,
    "is_instant": FhirInstant.is_valid,
    "code_in": code_in,
    "by_id": by_id,
    "joint_word": joint_word,
    "word_of": word_of,
    "nothing_in": nothing_in,
    "concept": concept,
    "written": written,
    "dig": dig,
    "fresh": fresh,
    "add": add,
    "holds": holds,
    "is_hollow": is_hollow,
    "is_one_of": is_one_of,
    "is_ours": is_ours,
    "narrated": narrated,
    "tidy": tidy,
    "with_fixed": with_fixed,
}
"""What compiled code finds by name, besides its own constants."""
