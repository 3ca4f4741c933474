"""What stands in an address beside a search is taken, refused or left out; never chosen from, never repaired.

https://hl7.org/fhir/R4/http.html#parameters
"""

from __future__ import annotations

from unittest.mock import ANY

import pytest
from flask.testing import FlaskClient

from tests.unit.web.conftest import Knock, condition

STRICT = {"Prefer": "handling=strict"}
COUNTED = "/fhir/R4/Condition?_summary=count"
FORM = "application/x-www-form-urlencoded"
NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def st_annes(enter: Knock) -> FlaskClient:
    """A hospital's EHR, at one gateway for all of these tests."""
    return enter("ehr:st-annes")


@pytest.fixture
def held(st_annes: FlaskClient) -> str:
    """The id of a Condition of St Anne's."""
    return str(st_annes.post("/fhir/R4/Condition", json=condition()).json["id"])  # type: ignore[index]


def test_how_to_answer_may_be_said_everywhere(st_annes: FlaskClient, held: str) -> None:
    body = condition(id=held)
    for wish in ("_format=json", "_pretty=false"):
        assert st_annes.get(f"/fhir/R4/Condition/{held}?{wish}", headers=STRICT).status_code == 200
        assert st_annes.get(f"/fhir/R4/Condition/{held}/_history/1?{wish}", headers=STRICT).status_code == 200
        assert st_annes.put(f"/fhir/R4/Condition/{held}?{wish}", json=body).status_code == 200
        assert st_annes.post(f"/fhir/R4/Condition?{wish}", json=condition()).status_code == 201
        assert st_annes.get(f"/fhir/R4/metadata?mode=full&{wish}", headers=STRICT).status_code == 200
        assert st_annes.get(f"/fhir/R4/Condition?{wish}", headers=STRICT).status_code == 200
    assert st_annes.delete(f"/fhir/R4/Condition/{held}?_format=json").status_code == 204


def test_what_a_read_does_not_know_is_left_out_unless_the_client_is_strict(
    st_annes: FlaskClient, held: str
) -> None:
    for address in (f"Condition/{held}", f"Condition/{held}/_history/1", "metadata"):
        assert st_annes.get(f"/fhir/R4/{address}?cachebuster=1&_count=3").status_code == 200
        strict = st_annes.get(f"/fhir/R4/{address}?cachebuster=1", headers=STRICT)
        assert strict.status_code == 400
        assert "taken are: " in strict.text
        assert "cachebuster" not in strict.text  # what R4 does not know may be anything, a name too


@pytest.mark.parametrize(
    "criterion",
    [
        "code=x", "code:not=x", "subject:Patient.name=x", "_has:Observation:focus:code=x", "_id=x",
        "_include=Condition:subject", "_revinclude=Observation:focus", "_filter=x", "_list=x",
    ],
)  # fmt: skip
def test_a_criterion_beside_an_id_is_refused(st_annes: FlaskClient, held: str, criterion: str) -> None:
    address = f"/fhir/R4/Condition/{held}"
    said = criterion.partition("=")[0].partition(":")[0].partition(".")[0]

    before = st_annes.get(COUNTED).json or {}
    refused = [
        st_annes.get(f"{address}?{criterion}"),
        st_annes.get(f"{address}/_history/1?{criterion}"),
        st_annes.get(f"{address}/_history?{criterion}"),
        st_annes.put(f"{address}?{criterion}", json=condition(id=held)),
        st_annes.delete(f"{address}?{criterion}"),
        st_annes.post(f"/fhir/R4/Condition?{criterion}", json=condition()),
    ]

    assert [answer.status_code for answer in refused] == [400] * 6
    assert all(said in answer.text for i, answer in enumerate(refused) if i != 2)
    assert st_annes.get(address).headers["ETag"] == 'W/"1"'
    assert st_annes.get(COUNTED).json == {**before, "link": ANY}


@pytest.mark.parametrize("parameter", ["x=1", "_count=1", "_method=DELETE", "Zqx=%ff"])
def test_a_write_leaves_nothing_out(st_annes: FlaskClient, held: str, parameter: str) -> None:
    address = f"/fhir/R4/Condition/{held}?{parameter}"

    assert st_annes.delete(address).status_code == 400
    assert st_annes.put(address, json=condition(id=held)).status_code == 400
    assert st_annes.post(f"/fhir/R4/Condition?{parameter}", json=condition()).status_code == 400
    assert st_annes.get(f"/fhir/R4/Condition/{held}").headers["ETag"] == 'W/"1"'


@pytest.mark.parametrize("parameter", ["_format=json", "_pretty=true", "_summary=true", "_elements=id"])
def test_a_wish_said_twice_is_refused(st_annes: FlaskClient, held: str, parameter: str) -> None:
    twice = f"{parameter}&{parameter}"
    answers = [
        st_annes.get(f"/fhir/R4/Condition/{held}?{twice}"),
        st_annes.get(f"/fhir/R4/Condition/{held}/_history?{twice}"),
        st_annes.get(f"/fhir/R4/Condition?{twice}"),
        st_annes.get(f"/fhir/R4?{twice}"),
        st_annes.get(f"/fhir/R4/metadata?{twice}"),
        st_annes.post("/fhir/R4/Condition/_search", data=twice, content_type=FORM),
        st_annes.delete(f"/fhir/R4/Condition/{held}?{twice}"),
    ]  # fmt: skip

    assert [answer.status_code for answer in answers] == [400] * 7
    assert all(parameter.partition("=")[0] in answer.text for answer in answers)


def test_a_count_or_a_time_said_twice_is_refused(st_annes: FlaskClient, held: str) -> None:
    for address in (f"Condition/{held}/_history", "Condition"):
        assert st_annes.get(f"/fhir/R4/{address}?_count=1&_count=2").status_code == 400
    assert st_annes.get("/fhir/R4/Condition?_sort=code&_sort=-code").status_code == 400


def test_a_format_counts_in_a_posted_search_too(st_annes: FlaskClient) -> None:
    asked = {"_format=xml": 406, "_format=json": 200, "_format=application%2Ffhir%2Bjson": 200}

    for body, status in asked.items():
        answer = st_annes.post("/fhir/R4/Condition/_search", data=body, content_type=FORM)
        assert answer.status_code == status, body


def test_any_version_will_do_when_the_client_says_so(st_annes: FlaskClient, held: str) -> None:
    address, anything = f"/fhir/R4/Condition/{held}", {"If-Match": "*"}

    updated = st_annes.put(address, json=condition(id=held), headers=anything)
    assert (updated.status_code, updated.headers["ETag"]) == (200, 'W/"2"')
    assert st_annes.delete(address, headers=anything).status_code == 204
    # What was deleted has no version that could do.
    assert st_annes.put(address, json=condition(id=held), headers=anything).status_code == 412
    assert st_annes.delete(address, headers=anything).status_code == 412
    nothing = f"/fhir/R4/Condition/{NOWHERE}"
    assert st_annes.put(nothing, json=condition(id=NOWHERE), headers=anything).status_code == 405


@pytest.mark.parametrize("tag", ['W/"01"', 'W/"0"', 'W/"abc"', 'W/"99999999999999999999"'])
def test_a_tag_that_is_not_ours_never_matches(st_annes: FlaskClient, held: str, tag: str) -> None:
    address = f"/fhir/R4/Condition/{held}"

    assert st_annes.put(address, json=condition(id=held), headers={"If-Match": tag}).status_code == 412
    assert st_annes.get(address).headers["ETag"] == 'W/"1"'


def test_a_list_that_is_not_there_names_nothing(st_annes: FlaskClient, held: str) -> None:
    entry = [{"item": {"reference": f"Condition/{held}"}}]
    list_ = {"resourceType": "List", "status": "current", "mode": "working", "entry": entry}
    made = st_annes.post("/fhir/R4/List", json=list_).json["id"]  # type: ignore[index]

    for lists, total in {"x": 0, NOWHERE: 0, made: 1, f"x,{made}": 1}.items():
        answer = st_annes.get(f"/fhir/R4/Condition?_list={lists}")
        assert (answer.status_code, answer.json["total"]) == (200, total), lists  # type: ignore[index]
    assert st_annes.get("/fhir/R4/Condition?_list=$current-problems").status_code == 400
