"""Creating a goal with its targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.benchmarks.hand_written_care_plan.dates import is_date
from tests.benchmarks.hand_written_care_plan.reading_elements import is_number
from tests.benchmarks.hand_written_care_plan.writing_elements import (
    concept,
    concepts,
    identifiers,
    link_to,
    link_to_any,
    links_to_any,
    notes,
    objects,
    quantity,
)


def create_goal(record: Mapping[str, Any]) -> dict[str, Any]:
    """The Goal of a record that stands by itself."""
    return {"Goal": goal_of(record, record.get("person"))}


def goal_of(record: Mapping[str, Any], person: Any) -> dict[str, Any]:
    """The Goal of a record; whose it is, the plan says."""
    goal: dict[str, Any] = {"resourceType": "Goal"}
    if isinstance(id := record.get("id"), str):
        goal["id"] = id
    if "identifiers" in record and (identified := identifiers(record["identifiers"])):
        goal["identifier"] = identified
    if subject := link_to(person, "Patient"):
        goal["subject"] = subject
    if description := concept(record.get("code"), record.get("description")):
        goal["description"] = description
    if isinstance(status := record.get("status"), str):
        goal["lifecycleStatus"] = status
    if isinstance(status_on := record.get("status_on"), str):
        goal["statusDate"] = status_on
    if isinstance(reason := record.get("status_reason"), str):
        goal["statusReason"] = reason
    if achievement := concept(record.get("achievement"), record.get("achievement_text")):
        goal["achievementStatus"] = achievement
    if priority := concept(record.get("priority"), record.get("priority_text")):
        goal["priority"] = priority
    if "categories" in record and (categories := concepts(record["categories"])):
        goal["category"] = categories
    if "addresses" in record and (addresses := links_to_any(record["addresses"])):
        goal["addresses"] = addresses
    if "expressed_by" in record and (expressed_by := link_to_any(record["expressed_by"])):
        goal["expressedBy"] = expressed_by
    if "outcomes" in record and (outcomes := links_to_any(record["outcomes"])):
        goal["outcomeReference"] = outcomes
    if "outcome_codes" in record and (outcome_codes := concepts(record["outcome_codes"])):
        goal["outcomeCode"] = outcome_codes
    if "targets" in record and (targets := _targets(record["targets"])):
        goal["target"] = targets
    if "notes" in record and (said := notes(record["notes"])):
        goal["note"] = said
    if is_date(starts_on := record.get("starts_on")):
        goal["startDate"] = starts_on
    elif start := concept(record.get("start_code"), record.get("start_text")):
        goal["startCodeableConcept"] = start
    return goal


def _targets(values: Any) -> list[dict[str, Any]]:
    return [target for value in objects(values) if (target := _target(value))]


def _target(record: dict[str, Any]) -> dict[str, Any]:
    target: dict[str, Any] = {}
    if isinstance(id := record.get("id"), str):
        target["id"] = id
    if measure := concept(record.get("measure_code"), record.get("measure")):
        target["measure"] = measure
    if is_date(due_on := record.get("due_on")):
        target["dueDate"] = due_on
    elif "due_in" in record and (due_in := quantity(record["due_in"])):
        target["dueDuration"] = due_in
    _add_aim(target, record)
    return target


def _add_aim(target: dict[str, Any], record: dict[str, Any]) -> None:
    """What is to be reached, in the type of detail[x] that can say it."""
    if is_number(record.get("low")) or is_number(record.get("high")):
        target["detailRange"] = _range(record)
    elif amount := quantity(record):
        target["detailQuantity"] = amount
    elif isinstance(code := record.get("code"), dict) and code:
        target["detailCodeableConcept"] = concept(code, record.get("text"))
    elif isinstance(text := record.get("text"), str):
        target["detailString"] = text
    elif isinstance(yes_no := record.get("yes_no"), bool):
        target["detailBoolean"] = yes_no
    elif ratio := _ratio(record):
        target["detailRatio"] = ratio


def _range(record: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name in ("low", "high"):
        if is_number(value := record.get(name)):
            made[name] = {"value": value}
            if isinstance(unit := record.get("unit"), str):
                made[name]["unit"] = unit
    return made


def _ratio(record: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name in ("numerator", "denominator"):
        amount: dict[str, Any] = {}
        if is_number(value := record.get(name)):
            amount["value"] = value
        if isinstance(unit := record.get(f"{name}_unit"), str):
            amount["unit"] = unit
        if amount:
            made[name] = amount
    return made
