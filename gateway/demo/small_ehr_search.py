"""Which of the small EHR's resources a search names: the few parameters such a system offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from gateway.demo.small_ehr_shelf import Held

CONTROL: Final = {"_count", "_sort", "_format", "_page"}


def _matches_id(held: Held, value: str) -> bool:
    return held.id in value.split(",")


def _matches_identifier(held: Held, value: str) -> bool:
    wanted_system, bar, wanted_value = value.rpartition("|")
    identifiers = held.resource.get("identifier", [])
    return any(
        item.get("value") == wanted_value and (not bar or item.get("system", "") == wanted_system)
        for item in (identifiers if isinstance(identifiers, list) else [identifiers])
    )


def _matches_patient(held: Held, value: str) -> bool:
    resource = held.resource
    holder = resource.get("subject") or resource.get("for") or resource.get("patient") or {}
    return str(holder.get("reference", "")) in {value, f"Patient/{value}"}


def _matches_status(held: Held, value: str) -> bool:
    resource = held.resource
    return (resource.get("status") or resource.get("lifecycleStatus")) in value.split(",")


def _matches_based_on(held: Held, value: str) -> bool:
    return any(item.get("reference") == value for item in held.resource.get("basedOn", []))


def _matches_last_updated(held: Held, value: str) -> bool:
    prefix, text = (value[:2], value[2:]) if value[:2].isalpha() else ("eq", value)
    updated, bound = datetime.fromisoformat(held.updated), datetime.fromisoformat(text)
    compare: Mapping[str, Callable[[datetime, datetime], bool]] = {
        "ge": datetime.__ge__,
        "gt": datetime.__gt__,
        "le": datetime.__le__,
        "lt": datetime.__lt__,
        "eq": datetime.__eq__,
    }
    return compare[prefix](updated, bound)


PARAMETERS: Final[Mapping[str, Callable[[Held, str], bool]]] = {
    "_id": _matches_id,
    "_lastUpdated": _matches_last_updated,
    "identifier": _matches_identifier,
    "patient": _matches_patient,
    "subject": _matches_patient,
    "status": _matches_status,
    "lifecycle-status": _matches_status,
    "based-on": _matches_based_on,
}


def unknown_parameters(query: Mapping[str, Any]) -> list[str]:
    """Names in the query that this system does not search by."""
    return sorted(set(query) - set(PARAMETERS) - CONTROL)


def matching(shelf: list[Held], query: list[tuple[str, str]]) -> list[Held]:
    """The resources that meet every criterion, in the order given."""
    criteria = [(PARAMETERS[name], value) for name, value in query if name in PARAMETERS]
    return [held for held in shelf if all(meets(held, value) for meets, value in criteria)]
