"""Random requests. A kind of request is one function of QUESTIONS; a further interaction is a further one.

A question is asked of both worlds with the same chance, so both are asked the same, but for ids that their
servers made: those are chosen by their place among what was made.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode

from gateway.access.actors import ActorKind
from tests.two_worlds.material import (
    DATES,
    DAYS,
    FAMILIES,
    LINKS,
    STATUS,
    SYSTEM,
    TYPES,
    number,
    patient,
    practitioner,
    row,
)
from tests.two_worlds.worlds import after

JSON: Final = "application/fhir+json"


@dataclass(frozen=True)
class Request:
    """One request; with `paged` the pages behind its answer are asked for too."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    paged: bool = False


@dataclass
class Known:
    """What whoever asks knows of in one world.

    ids      (type, id) of what is visible, hidden or nowhere, in the same order in both worlds
    made     of those, the ones that the server made an id for
    cursors  addresses of next pages seen so far
    """

    kind: ActorKind
    ids: list[tuple[str, str]]
    cursors: list[str] = field(default_factory=list)

    def any(self, chance: random.Random, *types: str) -> tuple[str, str]:
        """Something of one of these types, or of any."""
        held = [it for it in self.ids if not types or it[0] in types]
        return chance.choice(held) if held else (types[0], "00000000-0000-8000-8000-000000000000")

    def reference(self, chance: random.Random, *types: str) -> str:
        """`Type/id` of such a one."""
        return "/".join(self.any(chance, *types))


RARE_FOR_AGENCIES: Final = frozenset(
    {
        "create",
        "create_conditionally",
        "delete",
        "search_has",
        "update_conditionally",
        "delete_conditionally",
        "transaction",
    }
)
"""What an agency may never do: asked seldom."""

Question: TypeAlias = Callable[[random.Random, Known], Request]
QUESTIONS: Final[dict[str, Question]] = {}
Pairs: TypeAlias = list[tuple[str, str]]


def question(asked: Question) -> Question:
    """The question is among those that are asked."""
    QUESTIONS[asked.__name__] = asked
    return asked


# One resource


@question
def read(chance: random.Random, known: Known) -> Request:
    headers = {}
    match chance.randint(0, 4):
        case 0:
            headers["If-None-Match"] = f'W/"{chance.randint(1, 3)}"'
        case 1:
            moment = after(chance.randint(0, 15))
            headers["If-Modified-Since"] = moment.strftime("%a, %d %b %Y %H:%M:%S GMT")
    return Request(chance.choice(("GET", "GET", "HEAD")), known.reference(chance), headers)


@question
def vread(chance: random.Random, known: Known) -> Request:
    return Request("GET", f"{known.reference(chance)}/_history/{chance.randint(1, 4)}")


@question
def history(chance: random.Random, known: Known) -> Request:
    count = chance.choice(("", "?_count=1", "?_count=2"))
    return Request("GET", f"{known.reference(chance)}/_history{count}", paged=True)


@question
def history_of_type(chance: random.Random, known: Known) -> Request:
    return Request("GET", f"{_type(chance, known)}/_history?{urlencode(_times(chance))}", paged=True)


@question
def history_of_all(chance: random.Random, known: Known) -> Request:
    return Request(
        "GET", f"_history?{urlencode([it for it in _times(chance) if it[0] != '_count'])}", paged=True
    )


# Searches


@question
def search(chance: random.Random, known: Known) -> Request:
    type = _type(chance, known)
    return _searched(chance, type, [_criterion(chance, known, type) for _ in range(chance.randint(0, 2))])


@question
def search_sorted(chance: random.Random, known: Known) -> Request:
    type = _type(chance, known)
    wanted = [_criterion(chance, known, type)] if chance.random() < 0.3 else []
    sortable = _sortable(type)
    if known.kind is ActorKind.AGENCY and chance.random() < 0.6:
        sortable = ("patient", "subject", "_id", "identifier")
        type = chance.choice(("ServiceRequest", "Task", "Goal", "Observation"))
        sortable += ("requester",) if type in ("Task", "ServiceRequest") else ()
    names = [chance.choice(sortable) for _ in range(chance.randint(1, 2))]
    keys = ",".join(chance.choice(("", "-")) + name for name in dict.fromkeys(names))
    return _searched(chance, type, [*wanted, ("_sort", keys)])


@question
def search_posted(chance: random.Random, known: Known) -> Request:
    type = _type(chance, known)
    form = urlencode([_criterion(chance, known, type), *_page(chance)])
    media = {"Content-Type": "application/x-www-form-urlencoded"}
    return Request("POST", f"{type}/_search", media, form, paged=True)


@question
def search_chained(chance: random.Random, known: Known) -> Request:
    type, name, target = chance.choice(LINKS)
    if known.kind is ActorKind.AGENCY and chance.random() < 0.8:
        return _searched(chance, _type(chance, known), [("patient.identifier", _number(chance))])
    inner, value = _criterion(chance, known, target)
    if chance.random() < 0.2:
        inner, value = f"patient:Patient.{_criterion(chance, known, 'Patient')[0]}", _number(chance)
    return _searched(chance, type, [(f"{name}:{target}.{inner}", value)])


@question
def search_has(chance: random.Random, known: Known) -> Request:
    source, name, type = chance.choice(LINKS)
    inner, value = _criterion(chance, known, source)
    return _searched(chance, type, [(f"_has:{source}:{name}:{inner}", value)])


@question
def search_with_includes(chance: random.Random, known: Known) -> Request:
    links = LINKS
    if known.kind is ActorKind.AGENCY and chance.random() < 0.8:
        links = tuple(
            it
            for it in LINKS
            if it[:2] in (("Task", "focus"), ("Task", "patient"), ("ServiceRequest", "patient"))
        )
    type, name, target = chance.choice(links)
    asked: Pairs = []
    if chance.random() < 0.5 and known.kind is ActorKind.EHR:
        asked.append(("_revinclude", f"{type}:{name}"))
        searched = target
    else:
        asked.append(
            ("_include", chance.choice((f"{type}:{name}", f"{type}:{name}", f"{type}:{name}:{target}", "*")))
        )
        searched = type
    if chance.random() < 0.3:
        further, along, _ = chance.choice(links)
        asked.append((chance.choice(("_include:iterate", "_revinclude:iterate")), f"{further}:{along}"))
    wanted = [_criterion(chance, known, searched)] if chance.random() < 0.4 else []
    return _searched(chance, searched, [*wanted, *asked])


@question
def count(chance: random.Random, known: Known) -> Request:
    type = _type(chance, known)
    how = chance.choice((("_summary", "count"), ("_total", "accurate"), ("_count", "0")))
    wanted = [_criterion(chance, known, type)] if chance.random() < 0.7 else []
    return Request("GET", f"{type}?{urlencode([*wanted, how])}")


@question
def search_compartment(chance: random.Random, known: Known) -> Request:
    type = chance.choice((*TYPES, "*"))
    wanted = [_criterion(chance, known, type)] if type != "*" and chance.random() < 0.4 else []
    return _searched(chance, f"{known.reference(chance, 'Patient')}/{type}", wanted)


@question
def search_system(chance: random.Random, known: Known) -> Request:
    types = chance.sample((*TYPES, "Patient", "Practitioner"), chance.randint(1, 3))
    asked: Pairs = [("_type", ",".join(types))]
    if chance.random() < 0.5:
        asked.append(_time(chance))
    if chance.random() < 0.5:
        asked.append(("_sort", chance.choice(("_lastUpdated", "-_lastUpdated", "_id"))))
    return _searched(chance, "", asked)


@question
def search_in_list(chance: random.Random, known: Known) -> Request:
    type = chance.choice(("Goal", "Condition", "CarePlan"))
    return _searched(chance, type, [("_list", known.any(chance, "List")[1])])


@question
def an_earlier_page(chance: random.Random, known: Known) -> Request:
    """A page of an earlier search, asked for again; much may have been written since."""
    if not known.cursors:
        return search(chance, known)
    return Request("GET", chance.choice(known.cursors), paged=True)


# Writes


@question
def create(chance: random.Random, known: Known) -> Request:
    type = chance.choice((*TYPES, *TYPES, "Patient", "Practitioner"))
    return Request("POST", type, _written(chance), _body(chance, known, type))


@question
def create_conditionally(chance: random.Random, known: Known) -> Request:
    type = chance.choice((*TYPES, *TYPES, "Patient"))
    condition = {"If-None-Exist": urlencode(_condition(chance, known, type))}
    return Request("POST", type, _written(chance) | condition, _body(chance, known, type))


@question
def update(chance: random.Random, known: Known) -> Request:
    type, id = known.any(chance)
    if known.kind is ActorKind.AGENCY and chance.random() < 0.8:
        type, id = known.any(chance, "Task")
        if chance.random() < 0.8:
            return Request(
                "PUT",
                f"{type}/{id}",
                _written(chance) | {"If-Match": f'W/"{chance.randint(1, 3)}"'},
                _body(chance, known, type, id),
            )
    headers = _written(chance) | _matching(chance)
    return Request("PUT", f"{type}/{id}", headers, _body(chance, known, type, id))


@question
def delete(chance: random.Random, known: Known) -> Request:
    return Request("DELETE", known.reference(chance), _matching(chance))


@question
def update_conditionally(chance: random.Random, known: Known) -> Request:
    type = chance.choice(TYPES)
    path = f"{type}?{urlencode(_condition(chance, known, type))}"
    return Request("PUT", path, _written(chance) | _matching(chance), _body(chance, known, type))


@question
def delete_conditionally(chance: random.Random, known: Known) -> Request:
    type = chance.choice(TYPES)
    return Request("DELETE", f"{type}?{urlencode(_condition(chance, known, type))}")


@question
def patch(chance: random.Random, known: Known) -> Request:
    types = ("Task",) if known.kind is ActorKind.AGENCY and chance.random() < 0.8 else ()
    return Request("PATCH", known.reference(chance, *types), _patched(chance), json.dumps(_patch(chance)))


@question
def patch_conditionally(chance: random.Random, known: Known) -> Request:
    type = chance.choice(TYPES)
    path = f"{type}?{urlencode(_condition(chance, known, type))}"
    return Request("PATCH", path, _patched(chance), json.dumps(_patch(chance)))


@question
def batch(chance: random.Random, known: Known) -> Request:
    return _bundle("batch", [_entry(chance, known) for _ in range(chance.randint(2, 4))])


@question
def transaction(chance: random.Random, known: Known) -> Request:
    """Reads and writes that refer to one another and, by criteria, to what is stored."""
    type = chance.choice(TYPES)
    wanted = urlencode([("identifier", _number(chance))])
    refer = {
        "ids": lambda target: known.reference(chance, target),
        "criteria": lambda target: f"{target}?{wanted}",
    }[chance.choice(("ids", "ids", "criteria"))]
    about = known.reference(chance, "Patient")
    if chance.random() < 0.6:
        about = f"Patient?{wanted}"
    entry = {
        "fullUrl": "urn:uuid:00000000-0000-8000-8000-00000000000a",
        "resource": row(type, chance, about, refer),
        "request": {"method": "POST", "url": type},
    }
    if chance.random() < 0.3:
        entry["request"] |= {"ifNoneExist": urlencode(_condition(chance, known, type))}
    further = [_entry(chance, known)] if chance.random() < 0.4 else []
    return _bundle("transaction", [entry, *further])


# What they are made of


def _bundle(type: str, entries: list[dict[str, Any]]) -> Request:
    body = json.dumps({"resourceType": "Bundle", "type": type, "entry": entries})
    return Request("POST", "", {"Content-Type": JSON}, body)


_OF_ENTRIES: Final = (
    "read", "vread", "search", "search_chained", "search_has", "search_with_includes", "count",
    "update", "update_conditionally", "delete", "delete_conditionally", "create_conditionally",
)  # fmt: skip
_SAID_IN_ENTRIES: Final = {
    "If-None-Match": "ifNoneMatch",
    "If-Match": "ifMatch",
    "If-None-Exist": "ifNoneExist",
}


def _entry(chance: random.Random, known: Known) -> dict[str, Any]:
    """Another question as an entry of a Bundle."""
    asked = QUESTIONS[chance.choice(_OF_ENTRIES)](chance, known)
    said = {
        name: asked.headers[header] for header, name in _SAID_IN_ENTRIES.items() if header in asked.headers
    }
    method = "GET" if asked.method == "HEAD" else asked.method
    entry: dict[str, Any] = {"request": {"method": method, "url": asked.path, **said}}
    return entry if asked.body is None else {"resource": json.loads(asked.body), **entry}


def _condition(chance: random.Random, known: Known, type: str) -> Pairs:
    """Criteria that fit nothing, one resource or several."""
    wanted = [("identifier", _number(chance))]
    return [*wanted, _criterion(chance, known, type)] if chance.random() < 0.5 else wanted


def _patched(chance: random.Random) -> dict[str, str]:
    return _written(chance) | {"Content-Type": "application/json-patch+json"} | _matching(chance)


def _patch(chance: random.Random) -> list[dict[str, Any]]:
    added = {"op": "add", "path": "/identifier/-", "value": number(chance)}
    tested = {"op": "test", "path": "/identifier/0/value", "value": str(chance.randint(1, 4))}
    return [added] if chance.random() < 0.7 else [tested, added]


def _times(chance: random.Random) -> Pairs:
    said: Pairs = []
    match chance.randint(0, 3):
        case 0:
            said.append(("_since", _moment(chance)))
        case 1:
            said.append(("_at", _moment(chance)))
    if chance.random() < 0.5:
        said.append(("_count", str(chance.randint(3, 8))))
    return said


def _moment(chance: random.Random) -> str:
    return after(chance.randint(0, 15)).isoformat().replace("+00:00", "Z")


def _searched(chance: random.Random, path: str, asked: Pairs) -> Request:
    """The search with a page size; half of the time with an exact total."""
    return Request("GET", f"{path}?{urlencode([*asked, *_page(chance)])}", paged=True)


def _page(chance: random.Random) -> Pairs:
    said: Pairs = []
    if chance.random() < 0.7:
        said.append(("_count", str(chance.randint(1, 4))))
    if chance.random() < 0.4:
        said.append(("_total", "accurate"))
    if chance.random() < 0.15:
        said.append(
            chance.choice((("_summary", "true"), ("_summary", "data"), ("_elements", "identifier,status")))
        )
    return said


def _type(chance: random.Random, known: Known) -> str:
    often = ("ServiceRequest", "Task", "Goal") * 3 if known.kind is ActorKind.AGENCY else ()
    return chance.choice((*TYPES, "Patient", *often))


def _sortable(type: str) -> tuple[str, ...]:
    more = {
        "Patient": ("family", "gender", "identifier", "general-practitioner"),
        "ServiceRequest": ("requester", "status", "identifier", "subject", "body-site", "requisition"),
        "Task": ("requester", "status", "focus", "patient", "group-identifier", "modified"),
    }.get(type, ("identifier", "patient", "subject"))
    status = () if type == "Patient" else (STATUS[type][0],)
    return ("_lastUpdated", "_id", DATES[type], *status, *more)


def _criterion(chance: random.Random, known: Known, type: str) -> tuple[str, str]:
    """Something to ask of a type: by number, by code or status, by day, by time, by whom it is about."""
    if known.kind is ActorKind.AGENCY and chance.random() < 0.8:
        return _criterion_of_agencies(chance, known, type)
    leads = [(name, target) for source, name, target in LINKS if source == type]
    match chance.randint(0, 8):
        case 0 | 1:
            return "identifier", _number(chance)
        case 2:
            return _time(chance)
        case 3:
            ids = [known.any(chance, type)[1] for _ in range(2)]
            return "_id", ",".join(ids)
        case 4:
            return DATES.get(
                type, "_lastUpdated"
            ), f"{chance.choice(('ge', 'lt', 'eq'))}{chance.choice(DAYS)}"
        case 5 | 6 if leads:
            name, target = chance.choice(leads)
            modifier = chance.choice(("", "", ":missing"))
            value = "true" if modifier else known.reference(chance, target)
            return name + modifier, value
        case 7 if type in ("Patient", "Practitioner"):
            return chance.choice(("family", "name", "name:contains")), chance.choice(FAMILIES)[:3]
        case _ if type in STATUS:
            name, values = STATUS[type]
            negated = chance.choice(("", "", "", ":not"))
            return name + negated, ",".join(chance.sample(values, chance.randint(1, 2)))
    return "identifier", f"{SYSTEM}|"


def _criterion_of_agencies(chance: random.Random, known: Known, type: str) -> tuple[str, str]:
    """What an agency may search by, more or less: often by somebody that it is not shown."""
    match chance.randint(0, 4):
        case 0:
            return _time(chance)
        case 1 | 2 if type != "Patient":
            return chance.choice(("patient", "subject")), known.reference(chance, "Patient")
        case 3 if type in ("Task", "ServiceRequest"):
            name, target = chance.choice((("requester", "Practitioner"), ("patient", "Patient")))
            return name, known.reference(chance, target)
        case 4 if type in STATUS and STATUS[type][0] != "lifecycle-status":
            return STATUS[type][0], ",".join(STATUS[type][1][:2])
    return "identifier", _number(chance)


def _number(chance: random.Random) -> str:
    value = str(chance.randint(1, 4))
    return chance.choice((f"{SYSTEM}|{value}", value))


def _time(chance: random.Random) -> tuple[str, str]:
    return "_lastUpdated", f"{chance.choice(('ge', 'lt', 'gt'))}{_moment(chance)}"


def _written(chance: random.Random) -> dict[str, str]:
    wanted = chance.choice(("representation", "minimal", "OperationOutcome"))
    return {"Content-Type": JSON, "Prefer": f"return={wanted}"}


def _matching(chance: random.Random) -> dict[str, str]:
    return {"If-Match": f'W/"{chance.randint(1, 3)}"'} if chance.random() < 0.6 else {}


def _body(chance: random.Random, known: Known, type: str, id: str | None = None) -> str:
    made: dict[str, Any]
    match type:
        case "Patient":
            made = patient(chance)
        case "Practitioner":
            made = practitioner(chance)
        case "Organization":
            made = {"resourceType": type, "name": chance.choice(FAMILIES)}
        case _:
            about = known.reference(chance, "Patient")
            made = row(type, chance, about, lambda target: known.reference(chance, target))
    return json.dumps(made if id is None else {**made, "id": id})
