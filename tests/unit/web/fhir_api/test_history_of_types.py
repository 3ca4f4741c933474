"""The history of a type and of everything: what it shows, to whom, and how it is paged while others write."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from gateway.acts.gateway import Gateway
from gateway.mapping import Mappings
from gateway.store.database import Database
from tests.unit.acts.agency_town import Desk, gateway_over
from tests.unit.web.conftest import NHS_NUMBER, PUBLIC_URL, Knock, condition, patient

CONDITIONS = "/fhir/R4/Condition"
GOALS = "/fhir/R4/Goal"


def made(client: FlaskClient, **elements: Any) -> str:
    return str((client.post(CONDITIONS, json=condition(**elements)).json or {})["id"])


def goal(client: FlaskClient) -> str:
    body = {
        "resourceType": "Goal",
        "lifecycleStatus": "active",
        "description": {"text": "walk"},
        "subject": {"display": "somebody"},
    }
    return str((client.post(GOALS, json=body).json or {})["id"])


def told(client: FlaskClient, url: str) -> list[str]:
    """Every version of a history, on all its pages, as `Condition/1 W/"2"`."""
    return [
        f"{entry['fullUrl'].rpartition('/fhir/R4/')[2]} {entry['response']['etag']}"
        for page in pages(client, url)
        for entry in page.get("entry", [])
    ]


def pages(client: FlaskClient, url: str | None) -> Iterator[dict[str, Any]]:
    while url:
        answer = client.get(url)
        assert answer.status_code == 200, answer.text
        page = answer.json or {}
        yield page
        following = [link["url"] for link in page["link"] if link["relation"] == "next"]
        url = following[0].removeprefix(PUBLIC_URL) if following else None


def test_a_type_and_the_system_tell_every_version_newest_first(st_annes: FlaskClient) -> None:
    one, two = made(st_annes), made(st_annes)
    third = goal(st_annes)
    st_annes.put(f"{CONDITIONS}/{one}", json=condition(id=one, onsetString="spring"))
    st_annes.delete(f"{CONDITIONS}/{two}")

    of_type = st_annes.get(f"{CONDITIONS}/_history").json or {}

    assert (of_type["resourceType"], of_type["type"]) == ("Bundle", "history")
    assert [entry["request"] for entry in of_type["entry"]] == [
        {"method": "DELETE", "url": f"Condition/{two}"},
        {"method": "PUT", "url": f"Condition/{one}"},
        {"method": "POST", "url": "Condition"},
        {"method": "POST", "url": "Condition"},
    ]
    assert ["resource" in entry for entry in of_type["entry"]] == [False, True, True, True]
    of_all = told(st_annes, "/fhir/R4/_history")
    assert [it for it in of_all if it.startswith("Condition/")] == told(st_annes, f"{CONDITIONS}/_history")
    assert of_all[2] == f'Goal/{third} W/"1"'
    assert told(st_annes, f"{GOALS}/_history") == [f'Goal/{third} W/"1"']


def test_pages_tell_what_was_there_when_the_first_was_asked_for(st_annes: FlaskClient) -> None:
    ids = [made(st_annes) for _ in range(5)]
    st_annes.put(f"{CONDITIONS}/{ids[0]}", json=condition(id=ids[0]))
    before = told(st_annes, f"{CONDITIONS}/_history?_count=200")

    walked: list[str] = []
    for number, page in enumerate(pages(st_annes, f"{CONDITIONS}/_history?_count=2")):
        assert len(page["entry"]) == 2
        walked += [f"{it['fullUrl'].rpartition('R4/')[2]} {it['response']['etag']}" for it in page["entry"]]
        st_annes.put(f"{CONDITIONS}/{ids[number]}", json=condition(id=ids[number], onsetString="now"))
        made(st_annes)

    assert walked == before
    assert len(told(st_annes, f"{CONDITIONS}/_history")) == 12


def test_versions_of_the_same_moment_are_paged_without_gap_or_repeat(
    st_annes: FlaskClient, gateway: Gateway
) -> None:
    for _ in range(5):
        made(st_annes)
    with gateway.database.transaction(gateway.self_actor) as tx:
        # As a transaction of many entries leaves them; the trigger that forbids it is set aside.
        tx.connection.execute(text("ALTER TABLE resource_version DISABLE TRIGGER USER"))
        tx.connection.execute(text("UPDATE resource_version SET at = '2026-01-01T00:00:00Z'"))
        tx.connection.execute(text("ALTER TABLE resource_version ENABLE TRIGGER USER"))

    walked = told(st_annes, f"{CONDITIONS}/_history?_count=2")

    assert len(walked) == len(set(walked)) == 5


def test_a_page_token_is_good_for_its_client_and_its_history_only(
    st_annes: FlaskClient, northside: FlaskClient
) -> None:
    for _ in range(3):
        made(st_annes)
    first = st_annes.get(f"{CONDITIONS}/_history?_count=1").json or {}
    [token] = [it["url"].partition("_cursor=")[2] for it in first["link"] if it["relation"] == "next"]
    found = st_annes.get(f"{CONDITIONS}?_count=1").json or {}
    [search] = [it["url"].partition("_cursor=")[2] for it in found["link"] if it["relation"] == "next"]

    refused = [
        northside.get(f"{CONDITIONS}/_history?_cursor={token}"),
        st_annes.get(f"{GOALS}/_history?_cursor={token}"),
        st_annes.get(f"/fhir/R4/_history?_cursor={token}"),
        st_annes.get(f"{CONDITIONS}?_cursor={token}"),
        st_annes.get(f"{CONDITIONS}/_history?_cursor={search}"),
        st_annes.get(f"{CONDITIONS}/_history?_cursor={token[:-4]}AAAA"),
        st_annes.get(f"{CONDITIONS}/_history?_cursor={token}&_since=2026"),
    ]

    assert [it.status_code for it in refused] == [400] * 7
    assert st_annes.get(f"{CONDITIONS}/_history?_cursor={token}").status_code == 200


def test_since_and_at_choose_versions_by_time(st_annes: FlaskClient, gateway: Gateway) -> None:
    one = made(st_annes)
    url = f"{CONDITIONS}/{one}"
    st_annes.put(url, json=condition(id=one, onsetString="spring"))
    two = made(st_annes)
    st_annes.delete(url)
    day = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with gateway.database.transaction(gateway.self_actor) as tx:
        tx.connection.execute(text("ALTER TABLE resource_version DISABLE TRIGGER USER"))
        for id, version, at in ((one, 1, 0), (one, 2, 2), (two, 1, 3), (one, 3, 5)):
            tx.connection.execute(
                text(
                    "UPDATE resource_version SET at = :at WHERE version = :version"
                    " AND resource_pk = (SELECT pk FROM resource WHERE id = CAST(:id AS uuid))"
                ),
                {"id": id, "version": version, "at": day + timedelta(days=at)},
            )
        tx.connection.execute(text("ALTER TABLE resource_version ENABLE TRIGGER USER"))
    first, second, third = (f'Condition/{one} W/"{number}"' for number in (1, 2, 3))
    other = f'Condition/{two} W/"1"'
    expected = {
        "": [third, other, second, first],
        "_since=2026-03-03T12:00:00Z": [third, other, second],
        "_since=2026-03-03T12:00:00.001Z": [third, other],
        "_since=2026-03-06": [third],
        "_since=2026-03-03T13:00:00%2B01:00&_count=1": [third, other, second],
        "_since=2027": [],
        "_at=2026-02": [],
        "_at=2026-03-01": [first],
        "_at=2026-03-02": [first],
        "_at=2026-03-03T11:59:59Z": [first],
        "_at=2026-03-03T12:00:00Z": [second],
        "_at=2026-03-03": [second, first],
        "_at=2026-03-04T12:00:00Z": [other, second],
        "_at=2026-03": [third, other, second, first],
        "_at=2026-03-04T12:00:00Z&_since=2026-03-04": [other],
    }

    for said, versions in expected.items():
        assert told(st_annes, f"{CONDITIONS}/_history?{said}") == versions, said
        of_one = [it for it in versions if it != other]
        assert told(st_annes, f"{url}/_history?{said}") == of_one, said
    linked = (st_annes.get(f"{CONDITIONS}/_history?_since=2026-03-06&_count=9").json or {})["link"]
    assert linked == [
        {"relation": "self", "url": f"{PUBLIC_URL}{CONDITIONS}/_history?_count=9&_since=2026-03-06"}
    ]


def test_what_cannot_be_read_is_refused(st_annes: FlaskClient) -> None:
    for said in (
        "_since=soon",
        "_since=ge2026",
        "_at=2026-13",
        "_at=",
        "_count=0",
        "_count=all",
        "_since=1&_since=2",
    ):
        for address in (f"{CONDITIONS}/_history", "/fhir/R4/_history"):
            assert st_annes.get(f"{address}?{said}").status_code == 400, said
    assert st_annes.get(f"{CONDITIONS}/_history?_before=1").status_code == 400
    assert st_annes.get(f"{CONDITIONS}/{made(st_annes)}/_history?_cursor=x").status_code == 400
    assert st_annes.get("/fhir/R4/ValueSet/_history").status_code == 404
    assert st_annes.put(f"{CONDITIONS}/_history", json=condition()).status_code in (404, 405)


def test_each_is_told_only_versions_that_it_may_see(
    st_annes: FlaskClient, northside: FlaskClient, coordinator: FlaskClient
) -> None:
    hers = (st_annes.post("/fhir/R4/Patient", json=patient()).json or {})["id"]
    about = (st_annes.post(CONDITIONS, json=condition(subject={"reference": f"Patient/{hers}"})).json or {})[
        "id"
    ]
    alone = made(st_annes)

    hidden = told(northside, f"{CONDITIONS}/_history")
    northside.post("/fhir/R4/Patient", json=patient())
    shared = told(northside, f"{CONDITIONS}/_history")
    st_annes.put(f"{CONDITIONS}/{alone}", json=condition(id=alone, subject={"reference": f"Patient/{hers}"}))
    later = told(northside, f"{CONDITIONS}/_history")
    st_annes.put(f"{CONDITIONS}/{about}", json=condition(id=about))
    gone = told(northside, "/fhir/R4/_history")

    assert hidden == []
    assert shared == [f'Condition/{about} W/"1"']
    # The version from before it was about her stays hidden; and nothing shows once it is about somebody else.
    assert later == [f'Condition/{alone} W/"2"', f'Condition/{about} W/"1"']
    assert [it for it in gone if it.startswith("Condition/")] == [f'Condition/{alone} W/"2"']
    assert len(told(coordinator, f"{CONDITIONS}/_history")) == 4


def test_an_admin_is_told_nothing(knock: Knock) -> None:
    admin = knock("admin")

    assert [admin.get(it).status_code for it in (f"{CONDITIONS}/_history", "/fhir/R4/_history")] == [403, 403]


class TestOfAgencies:
    """An agency is told what was granted, from the version on that it was granted, as it is shown it."""

    @pytest.fixture
    def gateway(self, database: Database, mappings: Mappings) -> Gateway:
        return gateway_over(database, mappings)

    def test_an_agency_is_told_what_its_referral_names(self, knock: Knock, gateway: Gateway) -> None:
        desk = Desk(gateway)
        referral = desk.sent()
        elm = knock("agency:elm-trust")
        leg = desk.read("referral", referral)["legs"][0]["id"]

        of_tasks = told(elm, "/fhir/R4/Task/_history")
        of_all = told(elm, "/fhir/R4/_history")

        assert {it.split()[0] for it in of_tasks} == {f"Task/{leg}"}
        assert set(of_tasks) < set(of_all)
        assert NHS_NUMBER not in str(elm.get("/fhir/R4/Task/_history").json)
        assert told(elm, "/fhir/R4/CarePlan/_history") == []
