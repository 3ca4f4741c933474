"""The operations that are measured, each as the Lua by which wrk makes its requests.

Ids are drawn anew for every request, by a generator with a fixed seed; a body is a text in which `@ID@`,
`@SUBJECT@` and `@N@` (a number that no request had before) are replaced.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final
from urllib.parse import quote

from tests.benchmarks.fhir_api.filling import NUMBERS, Filled, care_plan

NOTHING: Final = "/benchmark/nothing"
"""The address of the view that authenticates and does nothing else (server.py)."""

_BASE: Final = "/fhir/R4"
_DRAWN: Final = 2000  # of all ids; a script with every one of 100,000 would take wrk long to read
_PLAN: Final = care_plan(987654321, "@SUBJECT@", [])


def operations(filled: Filled, key: str) -> Mapping[str, str]:
    """The Lua of every operation by its name, the empty view first."""
    drawn = Random(4)
    plans = drawn.sample(filled.plans, min(_DRAWN, len(filled.plans)))
    patients = drawn.sample(filled.patients, min(_DRAWN, len(filled.patients)))
    numbers = drawn.sample(filled.numbers, min(_DRAWN, len(filled.numbers)))
    rows = [{"ID": plan, "SUBJECT": patient} for plan, patient in plans]
    of_persons = [{"ID": patient} for patient in patients]
    chained = [{"ID": quote(f"{NUMBERS}|{number}", safe="")} for number in numbers]
    return {
        "empty view": _script("GET", NOTHING, key),
        "read": _script("GET", f"{_BASE}/CarePlan/@ID@", key, rows),
        "create": _script("POST", f"{_BASE}/CarePlan", key, rows, _PLAN),
        "update": _script(
            "PUT", f"{_BASE}/CarePlan/@ID@", key, rows, {**_PLAN, "id": "@ID@", "title": "@N@"}
        ),
        "search: patient, status, by date": _script(
            "GET", f"{_BASE}/CarePlan?patient=@ID@&status=active,completed&_sort=-date", key, of_persons
        ),
        "search: category, status": _script(
            "GET", f"{_BASE}/CarePlan?category=rehabilitation&status=active&_count=20", key
        ),
        "search: chain": _script("GET", f"{_BASE}/CarePlan?patient.identifier=@ID@", key, chained),
        "search: include": _script(
            "GET", f"{_BASE}/CarePlan?patient=@ID@&_include=CarePlan:goal", key, of_persons
        ),
        "transaction of 100": _script("POST", f"{_BASE}/", key, rows, _transaction(100)),
    }


def _transaction(size: int) -> dict[str, Any]:
    plan = {
        "fullUrl": "urn:uuid:4b4f6c1e-0f55-4f57-8d53-7c7d3ed0f0aa",
        "resource": _PLAN,
        "request": {"method": "POST", "url": "CarePlan"},
    }
    request = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "code": {"text": "Balance class @N@"},
        "subject": {"reference": "Patient/@SUBJECT@"},
        "basedOn": [{"reference": plan["fullUrl"]}],
    }
    others = [{"resource": request, "request": {"method": "POST", "url": "ServiceRequest"}}] * (size - 1)
    return {"resourceType": "Bundle", "type": "transaction", "entry": [plan, *others]}


def _script(
    method: str,
    path: str,
    key: str,
    rows: Sequence[Mapping[str, str]] = (),
    body: Mapping[str, Any] | None = None,
) -> str:
    drawn = ", ".join(
        "{" + ", ".join(f"{name}={_lua(value)}" for name, value in row.items()) + "}" for row in rows
    )
    content = _lua(json.dumps(body)) if body is not None else "nil"
    return f"""
local rows = {{{drawn}}}
local path, body, number = {_lua(path)}, {content}, 0
math.randomseed(4)
wrk.headers["Authorization"] = {_lua(f"Bearer {key}")}
wrk.headers["Content-Type"] = "application/fhir+json"
local function filled(text, row)
  return (text:gsub("@(%u+)@", function(name)
    if name == "N" then return tostring(number) end
    return row[name]
  end))
end
function request()
  number = number + 1
  local row = rows[math.random(math.max(1, #rows))] or {{}}
  return wrk.format({_lua(method)}, filled(path, row), nil, body and filled(body, row))
end
"""


def _lua(text: str) -> str:
    assert "]==]" not in text
    return f"[==[{text}]==]"
