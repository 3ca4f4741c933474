"""Writing what plans, goals and activities share: concepts, amounts, references, notes, identifiers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.fhir.systems import EXTENSIONS
from tests.benchmarks.hand_written_care_plan.dates import is_date
from tests.benchmarks.hand_written_care_plan.reading_elements import is_number
from tests.benchmarks.hand_written_care_plan.references import any_reference, reference_to

_VERIFIED = EXTENSIONS + "identifier-verified"


def objects(values: Any) -> list[dict[str, Any]]:
    """The objects of a record's list."""
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def texts(values: Any) -> list[str]:
    """The texts of a record's list."""
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def coding(code: Any) -> dict[str, Any] | None:
    """A Coding; none without a code."""
    if not isinstance(code, dict) or not isinstance(code.get("code"), str):
        return None
    made: dict[str, Any] = {}
    if isinstance(system := code.get("system"), str):
        made["system"] = system
    made["code"] = code["code"]
    if isinstance(display := code.get("display"), str):
        made["display"] = display
    return made


def concept(code: Any, text: Any) -> dict[str, Any]:
    """A CodeableConcept of a code and a text, either of which may be missing."""
    made: dict[str, Any] = {}
    if code is not None and (coded := coding(code)):
        made["coding"] = [coded]
    if isinstance(text, str):
        made["text"] = text
    return made


def concepts(codes: Any) -> list[dict[str, Any]]:
    """CodeableConcepts, each of a code and a text in one object."""
    return [made for code in objects(codes) if (made := concept(code, code.get("text")))]


def link_to_any(text: Any) -> dict[str, Any] | None:
    """A Reference to anything."""
    return None if text is None or any_reference(text) is None else {"reference": text}


def link_to(id: Any, type_name: str) -> dict[str, Any] | None:
    """A Reference to a record of one type."""
    return None if (text := reference_to(id, type_name)) is None else {"reference": text}


def links_to_any(values: Any) -> list[dict[str, Any]]:
    """References to anything."""
    if not isinstance(values, list):
        return []
    return [{"reference": text} for text in values if any_reference(text) is not None]


def links_to(ids: Any, type_name: str) -> list[dict[str, Any]]:
    """References to records of one type."""
    if not isinstance(ids, list):
        return []
    return [{"reference": text} for id in ids if (text := reference_to(id, type_name)) is not None]


def quantity(amount: Any) -> dict[str, Any]:
    """A Quantity; which code its unit has, the record does not say."""
    made: dict[str, Any] = {}
    if not isinstance(amount, dict):
        return made
    if is_number(value := amount.get("value")):
        made["value"] = value
    if isinstance(comparator := amount.get("comparator"), str):
        made["comparator"] = comparator
    if isinstance(unit := amount.get("unit"), str):
        made["unit"] = unit
    return made


def notes(values: Any) -> list[dict[str, Any]]:
    """Annotations: what, when, and by whom, as a reference or in words."""
    made = []
    for note in objects(values):
        annotation: dict[str, Any] = {}
        if isinstance(text := note.get("text"), str):
            annotation["text"] = text
        if isinstance(at := note.get("at"), str):
            annotation["time"] = at
        if isinstance(by := note.get("by"), str):
            if any_reference(by) is not None:
                annotation["authorReference"] = {"reference": by}
            else:
                annotation["authorString"] = by
        if annotation:
            made.append(annotation)
    return made


def identifiers(values: Any) -> list[dict[str, Any]]:
    """Identifiers with their kind, validity, issuer, and whether somebody verified them."""
    return [made for value in objects(values) if (made := _identifier(value))]


def _identifier(identifier: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if isinstance(system := identifier.get("system"), str):
        made["system"] = system
    if isinstance(value := identifier.get("value"), str):
        made["value"] = value
    if isinstance(use := identifier.get("use"), str):
        made["use"] = use
    if kind := concept(identifier.get("kind"), identifier.get("kind_text")):
        made["type"] = kind
    if period := days(identifier):
        made["period"] = period
    assigner = link_to(identifier.get("issuer"), "Organization") or {}
    if isinstance(issuer := identifier.get("issuer_text"), str):
        assigner["display"] = issuer
    if assigner:
        made["assigner"] = assigner
    if isinstance(verified := identifier.get("verified"), bool):
        made["extension"] = [{"url": _VERIFIED, "valueBoolean": verified}]
    return made


def days(record: Mapping[str, Any]) -> dict[str, Any]:
    """A Period from day to day."""
    made: dict[str, Any] = {}
    if is_date(start := record.get("starts_on")):
        made["start"] = start
    if is_date(end := record.get("ends_on")):
        made["end"] = end
    return made
