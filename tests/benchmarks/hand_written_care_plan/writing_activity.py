"""Creating an activity of a care plan: its detail, when it happens, how it goes, what it costs."""

from __future__ import annotations

from typing import Any

from gateway.fhir.systems import EXTENSIONS
from tests.benchmarks.hand_written_care_plan.reading_elements import is_number
from tests.benchmarks.hand_written_care_plan.writing_elements import (
    concept,
    concepts,
    link_to,
    link_to_any,
    links_to,
    links_to_any,
    notes,
    objects,
    quantity,
    texts,
)

_COST = EXTENSIONS + "activity-cost"


def activities(values: Any) -> list[dict[str, Any]]:
    """The activities that say anything."""
    return [activity for value in objects(values) if (activity := _activity(value))]


def _activity(record: dict[str, Any]) -> dict[str, Any]:
    activity: dict[str, Any] = {}
    if isinstance(id := record.get("id"), str):
        activity["id"] = id
    if "request" in record and (request := link_to_any(record["request"])):
        activity["reference"] = request
    if detail := _detail(record):
        activity["detail"] = detail
    if "outcomes" in record and (outcomes := links_to_any(record["outcomes"])):
        activity["outcomeReference"] = outcomes
    if "outcome_codes" in record and (outcome_codes := concepts(record["outcome_codes"])):
        activity["outcomeCodeableConcept"] = outcome_codes
    if "progress" in record and (progress := notes(record["progress"])):
        activity["progress"] = progress
    if "cost" in record and (money := _money(record["cost"])):
        activity["extension"] = [{"url": _COST, "valueMoney": money}]
    return activity


def _detail(record: dict[str, Any]) -> dict[str, Any]:
    detail: dict[str, Any] = {}
    if isinstance(kind := record.get("kind"), str):
        detail["kind"] = kind
    if code := concept(record.get("code"), record.get("title")):
        detail["code"] = code
    if isinstance(status := record.get("status"), str):
        detail["status"] = status
    if reason := concept(record.get("status_reason_code"), record.get("status_reason")):
        detail["statusReason"] = reason
    if "location" in record and (location := link_to(record["location"], "Location")):
        detail["location"] = location
    if "performers" in record and (performers := links_to_any(record["performers"])):
        detail["performer"] = performers
    if "goals" in record and (goals := links_to(record["goals"], "Goal")):
        detail["goal"] = goals
    if "reasons" in record and (reasons := links_to_any(record["reasons"])):
        detail["reasonReference"] = reasons
    if "reason_codes" in record and (reason_codes := concepts(record["reason_codes"])):
        detail["reasonCode"] = reason_codes
    if "protocols" in record and (protocols := texts(record["protocols"])):
        detail["instantiatesCanonical"] = protocols
    if "protocol_urls" in record and (urls := texts(record["protocol_urls"])):
        detail["instantiatesUri"] = urls
    if isinstance(instructions := record.get("instructions"), str):
        detail["description"] = instructions
    if isinstance(not_to_do := record.get("do_not_perform"), bool):
        detail["doNotPerform"] = not_to_do
    if "daily_amount" in record and (daily := quantity(record["daily_amount"])):
        detail["dailyAmount"] = daily
    if "quantity" in record and (amount := quantity(record["quantity"])):
        detail["quantity"] = amount
    _add_schedule(detail, record)
    if product := concept(record.get("product"), record.get("product_text")):
        detail["productCodeableConcept"] = product
    elif "product_resource" in record and (resource := link_to_any(record["product_resource"])):
        detail["productReference"] = resource
    return detail


def _add_schedule(detail: dict[str, Any], record: dict[str, Any]) -> None:
    """When: as a period or in words where either says it all, else as a timing."""
    bounds: dict[str, Any] = {}
    if isinstance(starts_at := record.get("starts_at"), str):
        bounds["start"] = starts_at
    if isinstance(ends_at := record.get("ends_at"), str):
        bounds["end"] = ends_at
    timing, text = record.get("timing"), record.get("timing_text")
    said = isinstance(text, str)
    if (isinstance(timing, dict) and timing) or (bounds and said):
        if made := _timing(timing if isinstance(timing, dict) else {}, text, bounds):
            detail["scheduledTiming"] = made
    elif said:
        detail["scheduledString"] = text
    elif bounds:
        detail["scheduledPeriod"] = bounds


def _timing(timing: dict[str, Any], text: Any, bounds: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if code := concept(timing.get("code"), text):
        made["code"] = code
    if "times_at" in timing and (events := texts(timing["times_at"])):
        made["event"] = events
    if repeat := _repeat(timing, bounds):
        made["repeat"] = repeat
    return made


def _repeat(timing: dict[str, Any], bounds: dict[str, Any]) -> dict[str, Any]:
    """How often, how long and when in the day.

    Source: https://hl7.org/fhir/R4/datatypes.html#Timing
    """
    repeat: dict[str, Any] = {}
    if bounds:
        repeat["boundsPeriod"] = bounds
    if type(count := timing.get("count")) is int:
        repeat["count"] = count
    if type(count_most := timing.get("count_most")) is int:
        repeat["countMax"] = count_most
    if is_number(duration := timing.get("duration")):
        repeat["duration"] = duration
    if is_number(duration_most := timing.get("duration_most")):
        repeat["durationMax"] = duration_most
    if isinstance(duration_unit := timing.get("duration_unit"), str):
        repeat["durationUnit"] = duration_unit
    if type(frequency := timing.get("frequency")) is int:
        repeat["frequency"] = frequency
    if type(frequency_most := timing.get("frequency_most")) is int:
        repeat["frequencyMax"] = frequency_most
    if is_number(period := timing.get("period")):
        repeat["period"] = period
    if is_number(period_most := timing.get("period_most")):
        repeat["periodMax"] = period_most
    if isinstance(period_unit := timing.get("period_unit"), str):
        repeat["periodUnit"] = period_unit
    if "days" in timing and (days := texts(timing["days"])):
        repeat["dayOfWeek"] = days
    if "times_of_day" in timing and (times := texts(timing["times_of_day"])):
        repeat["timeOfDay"] = times
    if "events" in timing and (events := texts(timing["events"])):
        repeat["when"] = events
    if type(offset := timing.get("offset_minutes")) is int:
        repeat["offset"] = offset
    return repeat


def _money(cost: Any) -> dict[str, Any]:
    money: dict[str, Any] = {}
    if isinstance(cost, dict):
        if is_number(amount := cost.get("amount")):
            money["value"] = amount
        if isinstance(currency := cost.get("currency"), str):
            money["currency"] = currency
    return money
