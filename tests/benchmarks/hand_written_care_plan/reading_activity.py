"""Reading an activity of a care plan: its detail, when it happens, how it goes, what it costs."""

from __future__ import annotations

from typing import Any

from gateway.fhir.systems import EXTENSIONS
from tests.benchmarks.hand_written_care_plan.reading_elements import (
    add_concept,
    add_id,
    add_ids,
    add_reference,
    add_references,
    coding,
    concepts,
    extension,
    is_number,
    listed,
    notes,
    quantity,
    texts,
)
from tests.benchmarks.hand_written_care_plan.references import add_number, add_numbers

_COST = EXTENSIONS + "activity-cost"


def activities(values: Any) -> list[dict[str, Any]]:
    """The activities that say anything."""
    views = []
    for activity in listed(values):
        if isinstance(activity, dict) and (view := _activity(activity)):
            views.append(view)
    return views


def _activity(activity: dict[str, Any]) -> dict[str, Any]:
    view: dict[str, Any] = {}
    if isinstance(id := activity.get("id"), str):
        view["id"] = id
    if "reference" in activity:
        add_reference(view, "request", "request_text", activity["reference"])
        add_number(view, "request_identifier", activity["reference"])
    if isinstance(detail := activity.get("detail"), dict):
        _add_detail(view, detail)
    if "outcomeReference" in activity:
        add_references(view, "outcomes", "outcomes_texts", activity["outcomeReference"])
        add_numbers(view, "outcomes_identifiers", activity["outcomeReference"])
    if "outcomeCodeableConcept" in activity and (codes := concepts(activity["outcomeCodeableConcept"])):
        view["outcome_codes"] = codes
    if "progress" in activity and (progress := notes(activity["progress"])):
        view["progress"] = progress
    if "extension" in activity and (cost := _cost(extension(activity, _COST).get("valueMoney"))):
        view["cost"] = cost
    return view


def _add_detail(view: dict[str, Any], detail: dict[str, Any]) -> None:
    if isinstance(kind := detail.get("kind"), str):
        view["kind"] = kind
    if "code" in detail:
        add_concept(view, "code", "title", detail["code"])
    if isinstance(status := detail.get("status"), str):
        view["status"] = status
    if "statusReason" in detail:
        add_concept(view, "status_reason_code", "status_reason", detail["statusReason"])
    if "location" in detail:
        add_id(view, "location", "location_text", detail["location"], "Location")
    if "performer" in detail:
        add_references(view, "performers", "performers_texts", detail["performer"])
        add_numbers(view, "performers_identifiers", detail["performer"])
    if "goal" in detail:
        add_ids(view, "goals", "goals_texts", detail["goal"], "Goal")
    if "reasonReference" in detail:
        add_references(view, "reasons", "reasons_texts", detail["reasonReference"])
    if "reasonCode" in detail and (reasons := concepts(detail["reasonCode"])):
        view["reason_codes"] = reasons
    if "instantiatesCanonical" in detail and (protocols := texts(detail["instantiatesCanonical"])):
        view["protocols"] = protocols
    if "instantiatesUri" in detail and (urls := texts(detail["instantiatesUri"])):
        view["protocol_urls"] = urls
    if isinstance(description := detail.get("description"), str):
        view["instructions"] = description
    if isinstance(not_to_do := detail.get("doNotPerform"), bool):
        view["do_not_perform"] = not_to_do
    if "dailyAmount" in detail and (daily := quantity(detail["dailyAmount"])):
        view["daily_amount"] = daily
    if "quantity" in detail and (amount := quantity(detail["quantity"])):
        view["quantity"] = amount
    _add_schedule(view, detail)
    if "productCodeableConcept" in detail:
        add_concept(view, "product", "product_text", detail["productCodeableConcept"])
    if "productReference" in detail and "product" not in view and "product_text" not in view:
        add_reference(view, "product_resource", "product_resource_text", detail["productReference"])


def _add_schedule(view: dict[str, Any], detail: dict[str, Any]) -> None:
    """When: a period, words, or a timing, of which one is given."""
    if isinstance(period := detail.get("scheduledPeriod"), dict) and _add_bounds(view, period):
        return
    if isinstance(text := detail.get("scheduledString"), str):
        view["timing_text"] = text
    elif isinstance(timing := detail.get("scheduledTiming"), dict):
        _add_timing(view, timing)


def _add_bounds(view: dict[str, Any], period: dict[str, Any]) -> bool:
    if isinstance(start := period.get("start"), str):
        view["starts_at"] = start
    if isinstance(end := period.get("end"), str):
        view["ends_at"] = end
    return "starts_at" in view or "ends_at" in view


def _add_timing(view: dict[str, Any], timing: dict[str, Any]) -> None:
    found: dict[str, Any] = {}
    if isinstance(concept := timing.get("code"), dict):
        if isinstance(text := concept.get("text"), str):
            view["timing_text"] = text
        if code := coding(concept):
            found["code"] = code
    if "event" in timing and (events := texts(timing["event"])):
        found["times_at"] = events
    if isinstance(repeat := timing.get("repeat"), dict):
        if isinstance(bounds := repeat.get("boundsPeriod"), dict):
            _add_bounds(view, bounds)
        _add_repeat(found, repeat)
    if found:
        view["timing"] = found


def _add_repeat(found: dict[str, Any], repeat: dict[str, Any]) -> None:
    """How often, how long and when in the day.

    Source: https://hl7.org/fhir/R4/datatypes.html#Timing
    """
    if type(count := repeat.get("count")) is int:
        found["count"] = count
    if type(count_most := repeat.get("countMax")) is int:
        found["count_most"] = count_most
    if is_number(duration := repeat.get("duration")):
        found["duration"] = duration
    if is_number(duration_most := repeat.get("durationMax")):
        found["duration_most"] = duration_most
    if isinstance(duration_unit := repeat.get("durationUnit"), str):
        found["duration_unit"] = duration_unit
    if type(frequency := repeat.get("frequency")) is int:
        found["frequency"] = frequency
    if type(frequency_most := repeat.get("frequencyMax")) is int:
        found["frequency_most"] = frequency_most
    if is_number(period := repeat.get("period")):
        found["period"] = period
    if is_number(period_most := repeat.get("periodMax")):
        found["period_most"] = period_most
    if isinstance(period_unit := repeat.get("periodUnit"), str):
        found["period_unit"] = period_unit
    if "dayOfWeek" in repeat and (days := texts(repeat["dayOfWeek"])):
        found["days"] = days
    if "timeOfDay" in repeat and (times := texts(repeat["timeOfDay"])):
        found["times_of_day"] = times
    if "when" in repeat and (events := texts(repeat["when"])):
        found["events"] = events
    if type(offset := repeat.get("offset")) is int:
        found["offset_minutes"] = offset


def _cost(money: Any) -> dict[str, Any]:
    view: dict[str, Any] = {}
    if isinstance(money, dict):
        if is_number(amount := money.get("value")):
            view["amount"] = amount
        if isinstance(currency := money.get("currency"), str):
            view["currency"] = currency
    return view
