"""A parameter is understood and followed, or refused: it is never repaired, and never left out in silence."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from tests.unit.web.conftest import condition
from tests.unit.web.odd_requests.town import FEW, FHIR, FORM, Town, soundly

# What is understood is answered; what is not is refused. No third way: a criterion is never left out.
UNDERSTOOD: Final = (
    "_count=0",
    "_count=999999999",
    "onset-date=ge2026-01-01T00:00",
    "onset-date=2026-01-01T00:00:60Z",
    "onset-date=2026-01-01T00:00:00.123456789123456789Z",
    "_lastUpdated=ge0001-01-01T00:00:00%2B14:00",
    "_lastUpdated=le9999-12-31T23:59:59-12:00",
    "onset-age=1e400",
    "onset-age=1e-400",
    "onset-age=ap0",
    "onset-age=ap1e300",
    "_sort=code,code,code",
    "_sort=-_lastUpdated,_lastUpdated",
    "code=%EF%BB%BFx",
    "code=%F0%9F%98%80",
    "code=" + "x" * 50_000,
    "code=" + ",".join(map(str, range(200))),
    "_id=..",
    "_id=x,y",
    "subject=http://[::1",
    "subject=urn:uuid:x",
    "code=x&code:not=x",
    "_include=*&_include:iterate=*",
    "_include:iterate=Condition:subject&_revinclude:iterate=Condition:subject",
    "_list=x",
    "&&&",
    "subject:Patient.link:Patient.link:Patient.name=x",
)
NOT_UNDERSTOOD: Final = (
    # numbers of things
    "_count=-1",
    "_count=",
    "_count=1.5",
    "_count=%D9%A1",
    "_count=%2B1",
    "_count=0x1",
    "_count=9999999999999999999",
    "_count=1&_count=2",
    "_total=maybe",
    "_summary=maybe",
    "_summary=true&_summary=false",
    # dates that are none
    "onset-date=2026-02-30",
    "onset-date=0000",
    "onset-date=0000-01-01",
    "onset-date=2026-13",
    "onset-date=gt",
    "onset-date=2026-01-01T00:00:00%2B99:99",
    "onset-date=2026-01-01T25:00:00Z",
    "onset-date=9999999",
    "onset-date=",
    "onset-date=eqeq2026",
    "onset-date=%D9%A2%D9%A0%D9%A2%D9%A6",
    "_lastUpdated=yesterday",
    "onset-date=2026-1-1",
    "onset-date=2026-01-01T00:00:00%2B24:00",
    "onset-date=-2026",
    # quantities
    "onset-age=" + "9" * 10_000,
    "onset-age=1e999999",
    "onset-age=NaN",
    "onset-age=-Infinity",
    "onset-age=0x10",
    "onset-age=.5",
    "onset-age=5.",
    "onset-age=%D9%A1",
    "onset-age=1_000",
    "onset-age=5||||",
    "onset-age=5,",
    # too much
    "&".join(["code=x"] * 1000),
    "code=" + ",".join(map(str, range(1000))),
    "code=x,",
    "code=,",
    "code=|",
    "subject:Patient." + "link:Patient." * 20 + "name=x",
    "_has:Observation:focus:" * 20 + "code=x",
    "&".join(["_include=Condition:subject"] * 21),
    "_sort=code,code,code,code,code,code",
    # names that are none
    "_sort=",
    "_sort=-",
    "_sort=,",
    "_sort=--code",
    "_sort=nope",
    "_sort=code&_sort=code",
    "_include=",
    "_include=:",
    "_include=Condition",
    "_include=Condition:subject:Nope",
    "_include:foo=Condition:subject",
    "_revinclude=*",
    "_include=" + "x" * 5000,
    "code:=x",
    "code:exact=x",
    "code:missing=maybe",
    "code:missing=",
    "subject:Nope=x",
    "subject:Nope.name=x",
    "subject:Patient.nope=x",
    "code.name=x",
    "_has=x",
    "_has:Nope:x:y=z",
    "_list=$x",
    "_cursor=x",
    "_cursor=",
    "_cursor=" + "A" * 5000,
    "_cursor=x&_cursor=x",
    "_filter=x",
    "_text=x",
    "_content=x",
    "_query=x",
    "_contained=true",
    # bytes that cannot be read
    "code=%00",
    "code:text=%00",
    "_id=%00",
    "_list=%00",
    "_tag=%00",
    "code%00=x",
    "code=%ff",
    "code=%ed%a0%80",
    "code=%c0%af",
    "code=%",
    "code=%zz",
    "code=a%2",
    "code=%u0041",
    "%ff=x",
    "_elements=%00",
)


@pytest.mark.parametrize("query", UNDERSTOOD)
def test_a_parameter_that_is_understood_is_followed(town: Town, query: str) -> None:
    strict = {"Prefer": "handling=strict"}
    get = soundly(town.client.get(f"/fhir/R4/Condition?{query}", headers=strict), query)
    posted = soundly(_searched(town, "Condition", query.encode(), strict), query)

    assert get.status_code == posted.status_code == 200
    assert get.json is not None
    assert get.json["total"] == (posted.json or {})["total"]
    assert [link["relation"] for link in get.json["link"]] == ["self"]


@pytest.mark.parametrize("query", NOT_UNDERSTOOD)
def test_a_parameter_that_is_not_understood_is_refused(town: Town, query: str) -> None:
    get = soundly(town.client.get(f"/fhir/R4/Condition?{query}"), query)
    posted = soundly(_searched(town, "Condition", query.encode()), query)
    within = soundly(town.client.get(f"/fhir/R4/Patient/{town.patient}/Condition?{query}"), query)

    assert get.status_code == posted.status_code == within.status_code == 400
    assert get.json is not None
    assert get.json["issue"][0]["severity"] == "error"


@pytest.mark.parametrize(
    "body",
    [
        b"code=\xff",
        b"code=\xfe\xff",
        "code=ä".encode("latin-1"),
        "code=x".encode("utf-16"),
        b"code=%FC",
        b"code=\x00",
    ],
)
def test_a_form_that_cannot_be_read_is_not_an_empty_one(town: Town, body: bytes) -> None:
    assert soundly(_searched(town, "Condition", body), body).status_code == 400
    raw = {"QUERY_STRING": body.decode("latin-1")}
    assert soundly(town.client.get("/fhir/R4/Condition", environ_overrides=raw), body).status_code == 400


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        (FORM, 200),
        (f"{FORM}; charset=utf-8", 200),
        (f"{FORM}; charset=latin-1", 415),
        (FHIR, 415),
        ("", 415),
        ("multipart/form-data; boundary=x", 415),
        ("text/plain", 415),
        ("application/x-www-form", 415),
    ],
)
def test_a_posted_search_is_a_form(town: Town, content_type: str, status: int) -> None:
    answer = town.client.post("/fhir/R4/Condition/_search", data=b"code=x", content_type=content_type)

    assert soundly(answer, content_type).status_code == status


def test_a_form_is_read_up_to_its_limit(town: Town) -> None:
    assert soundly(_searched(town, "Condition", b"code=" + b"x" * 500_001), "large").status_code == 413


@pytest.mark.parametrize(
    "condition_",
    [
        b"identifier=%ff",
        b"identifier=%",
        b"identifier=\xff",
        b"identifier=%00",
        b"identifier=",
        b"_count=1",
        b"nope=1",
        b"identifier=x&_sort=code",
    ],
)
def test_a_condition_that_cannot_be_read_creates_nothing(town: Town, condition_: bytes) -> None:
    header = {"If-None-Exist": condition_.decode("latin-1")}
    answer = soundly(town.client.post("/fhir/R4/Condition", json=condition(), headers=header), condition_)

    assert answer.status_code == 400


@FEW
@given(st.binary(max_size=60), st.sampled_from(["Condition", "Observation", "Patient", ""]))
def test_any_bytes_as_parameters_are_answered_or_refused(town: Town, raw: bytes, type: str) -> None:
    for query in (
        raw,
        b"code=" + raw,
        b"name=" + raw,
        b"code:text=" + raw,
        b"subject." + raw,
        b"_include=" + raw,
    ):
        override = {"QUERY_STRING": query.decode("latin-1")}
        soundly(town.client.get(f"/fhir/R4/{type}", environ_overrides=override), query)
        soundly(_searched(town, type, query), query)


NAMES: Final = st.sampled_from(
    [
        "code",
        "onset-date",
        "onset-age",
        "subject",
        "_id",
        "_lastUpdated",
        "_sort",
        "_include",
        "_has",
        "_list",
        "identifier",
        "clinical-status",
        "_profile",
        "_cursor",
        "_count",
        "_elements",
        "evidence-detail",
    ]
)
TWISTS: Final = st.sampled_from(
    [
        "",
        ":not",
        ":missing",
        ":text",
        ":in",
        ":of-type",
        ":exact",
        ":Patient.name",
        ".name",
        ":above",
        ":",
        ".",
    ]
)


@FEW
@given(NAMES, TWISTS, st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_text_as_a_value_is_answered_or_refused(town: Town, name: str, twist: str, value: str) -> None:
    said = {f"{name}{twist}": value}
    soundly(town.client.get("/fhir/R4/Condition", query_string=said), said)


def _searched(town: Town, type: str, form: bytes, headers: dict[str, str] | None = None) -> TestResponse:
    address = f"/fhir/R4/{type}/_search" if type else "/fhir/R4/_search"
    return town.client.post(address, data=form, content_type=FORM, headers=headers)
