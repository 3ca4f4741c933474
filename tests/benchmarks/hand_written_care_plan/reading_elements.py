"""Reading what plans, goals and activities share: concepts, amounts, references, notes, identifiers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from gateway.fhir.systems import EXTENSIONS
from tests.benchmarks.hand_written_care_plan.dates import day_of
from tests.benchmarks.hand_written_care_plan.references import add_number, any_reference, id_of

_VERIFIED = EXTENSIONS + "identifier-verified"


def listed(value: Any) -> list[Any]:
    """The items of a list; a single object where a list belongs is published often enough."""
    return value if isinstance(value, list) else [value]


def is_number(value: Any) -> bool:
    """Whether it is a JSON number: true and false are none."""
    return type(value) is int or type(value) is Decimal


def extension(node: dict[str, Any], url: str) -> dict[str, Any]:
    """The first extension with this url; empty when there is none."""
    for each in listed(node["extension"]) if "extension" in node else ():
        if isinstance(each, dict) and each.get("url") == url:
            return each
    return {}


def texts(values: Any) -> list[str]:
    """A list of plain texts."""
    return [value for value in listed(values) if isinstance(value, str)]


def coding(concept: dict[str, Any]) -> dict[str, Any]:
    """The coding that the user selected, else the first with a code; empty when there is none."""
    codings = concept.get("coding")
    if not isinstance(codings, list):
        return {}
    chosen = None
    for each in codings:
        if isinstance(each, dict) and isinstance(each.get("code"), str):
            if each.get("userSelected") is True:
                chosen = each
                break
            if chosen is None:
                chosen = each
    if chosen is None:
        return {}
    view: dict[str, Any] = {}
    if isinstance(system := chosen.get("system"), str):
        view["system"] = system
    view["code"] = chosen["code"]
    if isinstance(display := chosen.get("display"), str):
        view["display"] = display
    return view


def add_concept(view: dict[str, Any], code_field: str, text_field: str, concept: Any) -> None:
    """The code and the text of a concept, each in a field of its own."""
    if not isinstance(concept, dict):
        return
    if code := coding(concept):
        view[code_field] = code
    if isinstance(text := concept.get("text"), str):
        view[text_field] = text


def concepts(values: Any) -> list[dict[str, Any]]:
    """A list of concepts, each with its code and its text in one object."""
    views = []
    for concept in listed(values):
        if isinstance(concept, dict):
            view = coding(concept)
            if isinstance(text := concept.get("text"), str):
                view["text"] = text
            if view:
                views.append(view)
    return views


def add_reference(view: dict[str, Any], field: str, text_field: str, link: Any) -> None:
    """A reference to anything, and what it is called."""
    if not isinstance(link, dict):
        return
    if (text := any_reference(link.get("reference"))) is not None:
        view[field] = text
    if isinstance(display := link.get("display"), str):
        view[text_field] = display


def add_id(view: dict[str, Any], field: str, text_field: str, link: Any, type_name: str) -> None:
    """The id of a record of one type, and what it is called."""
    if not isinstance(link, dict):
        return
    if (found := id_of(link.get("reference"), type_name)) is not None:
        view[field] = found
    if isinstance(display := link.get("display"), str):
        view[text_field] = display


def add_references(view: dict[str, Any], field: str, texts_field: str, links: Any) -> None:
    """References to anything, and what they are called."""
    found, displays = [], []
    for link in listed(links):
        if isinstance(link, dict):
            if (text := any_reference(link.get("reference"))) is not None:
                found.append(text)
            if isinstance(display := link.get("display"), str):
                displays.append(display)
    if found:
        view[field] = found
    if displays:
        view[texts_field] = displays


def add_ids(view: dict[str, Any], field: str, texts_field: str, links: Any, type_name: str) -> None:
    """The ids of records of one type, and what they are called."""
    found, displays = [], []
    for link in listed(links):
        if isinstance(link, dict):
            if (text := id_of(link.get("reference"), type_name)) is not None:
                found.append(text)
            if isinstance(display := link.get("display"), str):
                displays.append(display)
    if found:
        view[field] = found
    if displays:
        view[texts_field] = displays


def add_subject(view: dict[str, Any], subject: dict[str, Any]) -> None:
    """What the resource says of its person, besides who it is."""
    if isinstance(display := subject.get("display"), str):
        view["person_text"] = display
    add_number(view, "person_identifier", subject)


def quantity(amount: Any) -> dict[str, Any]:
    """An amount with its comparator and unit."""
    view: dict[str, Any] = {}
    if not isinstance(amount, dict):
        return view
    if is_number(value := amount.get("value")):
        view["value"] = value
    if isinstance(comparator := amount.get("comparator"), str):
        view["comparator"] = comparator
    if isinstance(unit := amount.get("unit"), str):
        view["unit"] = unit
    if isinstance(code := amount.get("code"), str):
        view["unit_code"] = code
    if isinstance(system := amount.get("system"), str):
        view["unit_system"] = system
    return view


def notes(annotations: Any) -> list[dict[str, Any]]:
    """Annotations: what, when, and by whom, as a reference or in words."""
    views = []
    for note in listed(annotations):
        if not isinstance(note, dict):
            continue
        view: dict[str, Any] = {}
        if isinstance(text := note.get("text"), str):
            view["text"] = text
        if isinstance(time := note.get("time"), str):
            view["at"] = time
        if "authorReference" in note:
            add_reference(view, "by", "by_text", note["authorReference"])
        if "by" not in view and isinstance(author := note.get("authorString"), str):
            view["by"] = author
        if view:
            views.append(view)
    return views


def identifiers(values: Any) -> list[dict[str, Any]]:
    """Identifiers with their kind, validity, issuer, and whether somebody verified them."""
    views = []
    for identifier in listed(values):
        if isinstance(identifier, dict) and (view := _identifier(identifier)):
            views.append(view)
    return views


def _identifier(identifier: dict[str, Any]) -> dict[str, Any]:
    view: dict[str, Any] = {}
    if isinstance(system := identifier.get("system"), str):
        view["system"] = system
    if isinstance(value := identifier.get("value"), str):
        view["value"] = value
    if isinstance(use := identifier.get("use"), str):
        view["use"] = use
    if "type" in identifier:
        add_concept(view, "kind", "kind_text", identifier["type"])
    if isinstance(period := identifier.get("period"), dict):
        add_days(view, period)
    if "assigner" in identifier:
        add_id(view, "issuer", "issuer_text", identifier["assigner"], "Organization")
    if "extension" in identifier:
        verified = extension(identifier, _VERIFIED).get("valueBoolean")
        if isinstance(verified, bool):
            view["verified"] = verified
    return view


def add_days(view: dict[str, Any], period: dict[str, Any]) -> None:
    """The first and the last day of a period."""
    if (start := day_of(period.get("start"))) is not None:
        view["starts_on"] = start
    if (end := day_of(period.get("end"))) is not None:
        view["ends_on"] = end
