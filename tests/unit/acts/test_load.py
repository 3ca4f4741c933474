"""Loading files as a source, against a real database."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from gateway.access.actors import Actor
from gateway.acts.gateway import Gateway
from gateway.acts.load import Report, load
from gateway.acts.load_parcels import files_under
from gateway.errors import BadRequest
from gateway.fhir.json_codec import Resource, read_untrusted, write
from gateway.mapping import Mappings
from gateway.store import ledger, people, resources
from gateway.store.database import Database
from gateway.store.versions import Version

PATIENT = {"resourceType": "Patient", "id": "p1", "birthDate": "1987"}
PLAN = {
    "resourceType": "CarePlan",
    "id": "c1",
    "status": "active",
    "intent": "plan",
    "subject": {"reference": "Patient/p1"},
}
GOAL = {
    "resourceType": "Goal",
    "id": "g1",
    "lifecycleStatus": "active",
    "description": {"text": "Walk"},
    "subject": {"reference": "Patient/p1"},
}


@pytest.fixture(scope="module")
def mappings() -> Mappings:
    return Mappings.load()


@pytest.fixture
def gateway(database: Database, mappings: Mappings) -> Gateway:
    return Gateway(
        database=database,
        mappings=mappings,
        partners={},
        self_actor=Actor.gateway(),
        public_url="https://care.example",
    )


class Loader:
    """Writes files and loads them as one source."""

    def __init__(self, gateway: Gateway, folder: Path) -> None:
        self.gateway, self.folder, self.files = gateway, folder, 0

    def file(self, *values: Any, name: str = "") -> Path:
        self.files += 1
        path = self.folder / (name or f"{self.files:03}.json")
        path.write_bytes(b"\n".join(value if isinstance(value, bytes) else write(value) for value in values))
        return path

    def load(self, *files: Path) -> Report:
        return load(self.gateway, self.gateway.self_actor, files, source="north")

    def resource(self, type: str, their_id: str) -> Version:
        with self.gateway.database.transaction(self.gateway.self_actor) as tx:
            our_id = ledger.ours(tx, "north", type, their_id)
            assert our_id is not None
            return resources.read(tx, type, our_id)

    def rows(self) -> dict[str, int]:
        tables = ("resource", "resource_version", "change", "agreement", "audit", "posting")
        return {table: self.count(f"FROM {table}") for table in tables}

    def count(self, of: str) -> int:
        with self.gateway.database.transaction(self.gateway.self_actor) as tx:
            return int(tx.connection.execute(text(f"SELECT count(*) {of}")).scalar_one())


@pytest.fixture
def loader(gateway: Gateway, tmp_path: Path) -> Loader:
    return Loader(gateway, tmp_path)


def bundle(kind: str, *held: Any) -> Resource:
    entries = [it if "resource" in it or "request" in it else {"resource": it} for it in held]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.loaded, report.unchanged, report.changed, len(report.refusals)


@pytest.mark.shared_data
def test_synthea_is_loaded_once_however_often_it_is_loaded(loader: Loader, shared_data: Path) -> None:
    files = files_under([shared_data / "synthea"])

    first = loader.load(*files)
    rows = loader.rows()
    again = loader.load(*files)

    assert counts(first) == (777, 0, 14, 0)
    assert counts(again) == (0, 791, 0, 0)
    assert first.kept_references == again.kept_references == []
    assert loader.rows() == rows
    assert loader.count("FROM audit WHERE action = 'load'") == len(files)


@pytest.mark.shared_data
def test_what_is_loaded_is_what_was_given_but_for_ids_and_references(
    loader: Loader, shared_data: Path
) -> None:
    (file,) = (shared_data / "synthea").glob("Carroll*.json")
    loader.load(file)

    given: Any = read_untrusted(file.read_bytes())
    for entry in given["entry"]:
        held = loader.resource(entry["resource"]["resourceType"], entry["resource"]["id"]).resource
        assert [name for name in held if name != "meta"] == [
            name for name in entry["resource"] if name != "meta"
        ]
        assert b"urn:uuid" not in b"".join(
            write(held[name]) for name in held if name not in ("identifier", "text")
        )
        assert held.get("birthDate") == entry["resource"].get("birthDate")


def test_digits_and_times_stay_as_they_were_given(loader: Loader) -> None:
    observation = {
        "resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"},
        "effectiveDateTime": "2026-01-01T10:00:00.000+01:00", "valueQuantity": {"value": Decimal("1.10")},
    }  # fmt: skip

    loader.load(loader.file(observation))

    held = loader.resource("Observation", "o").resource
    assert repr(held["valueQuantity"]["value"]) == "Decimal('1.10')"
    assert held["effectiveDateTime"] == "2026-01-01T10:00:00.000+01:00"


def test_a_patient_becomes_a_person(loader: Loader) -> None:
    loader.load(loader.file(PATIENT))

    patient = loader.resource("Patient", "p1")
    with loader.gateway.database.transaction(loader.gateway.self_actor) as tx:
        person = people.person_of(tx, patient.id)
        assert person is not None
        assert [link.patient for link in people.patients_of(tx, person)] == [patient.id]


def test_references_lead_to_what_was_loaded_in_whatever_way_they_name_it(loader: Loader) -> None:
    base = "https://north.example/fhir"

    def goal(id: str, subject: str) -> Resource:
        return {
            "fullUrl": f"{base}/Goal/{id}",
            "resource": {**GOAL, "id": id, "subject": {"reference": subject}},
        }

    file = loader.file(
        bundle(
            "collection",
            {"fullUrl": "urn:uuid:11", "resource": {k: v for k, v in PATIENT.items() if k != "id"}},
            {"fullUrl": f"{base}/Patient/p2", "resource": {**PATIENT, "id": "p2"}},
            goal("by-urn", "urn:uuid:11"),
            goal("by-url", f"{base}/Patient/p2"),
            goal("by-id", "Patient/p2"),
            goal("later", f"{base}/Patient/p3"),
            goal("version", "Patient/p2/_history/7"),
            goal("elsewhere", "https://other.example/Patient/p2"),
        )
    )

    assert counts(loader.load(file)) == (8, 0, 0, 0)
    loader.load(loader.file({**PATIENT, "id": "p3"}))

    def subject(goal: str) -> str:
        return str(loader.resource("Goal", goal).resource["subject"]["reference"])

    first, second, third = (loader.resource("Patient", its).reference for its in ("11", "p2", "p3"))
    assert subject("by-urn") == first
    assert subject("by-url") == subject("by-id") == subject("version") == second
    assert subject("later") == third
    assert subject("elsewhere") == "https://other.example/Patient/p2"


def test_a_conditional_reference_finds_its_target_in_any_file_or_in_the_store(loader: Loader) -> None:
    def goal(id: str, value: str) -> Resource:
        return {**GOAL, "id": id, "expressedBy": {"reference": f"Practitioner?identifier=urn:x|{value}"}}

    def practitioner(id: str, value: str) -> Resource:
        return {"resourceType": "Practitioner", "id": id, "identifier": [{"system": "urn:x", "value": value}]}

    loader.load(loader.file(practitioner("before", "1")))
    report = loader.load(
        loader.file(goal("a", "1"), name="1.json"),
        loader.file(goal("b", "2"), name="2.json"),
        loader.file(goal("c", "3"), name="3.json"),
        loader.file(practitioner("after", "2"), name="4.json"),
    )

    def expressed(id: str) -> str:
        return str(loader.resource("Goal", id).resource["expressedBy"]["reference"])

    assert expressed("a") == loader.resource("Practitioner", "before").reference
    assert expressed("b") == loader.resource("Practitioner", "after").reference
    assert expressed("c") == "Practitioner?identifier=urn:x|3"
    assert [(kept.file.name, kept.element) for kept in report.kept_references] == [
        ("3.json", "Goal.expressedBy")
    ]


def test_other_content_under_a_known_id_is_a_new_version(loader: Loader) -> None:
    loader.load(loader.file(GOAL))

    report = loader.load(loader.file({**GOAL, "lifecycleStatus": "completed"}))

    assert counts(report) == (0, 0, 1, 0)
    assert loader.resource("Goal", "g1").version == 2
    assert loader.resource("Goal", "g1").resource["lifecycleStatus"] == "completed"


def test_spelling_narrative_and_version_there_are_no_change_but_a_security_label_is(loader: Loader) -> None:
    loader.load(loader.file({**GOAL, "text": {"status": "generated", "div": "<div>a</div>"}}))

    other = {**GOAL, "meta": {"versionId": "9"}, "text": {"status": "generated", "div": "<div>b</div>"}}
    assert counts(loader.load(loader.file(other))) == (0, 1, 0, 0)

    label = {
        "security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]
    }
    assert counts(loader.load(loader.file({**GOAL, "meta": label}))) == (0, 0, 1, 0)


def test_an_identity_that_recurs_gets_its_versions_in_file_order(loader: Loader) -> None:
    states = ("active", "on-hold", "completed")
    file = loader.file(bundle("collection", *({**GOAL, "lifecycleStatus": state} for state in states)))

    assert counts(loader.load(file)) == (1, 0, 2, 0)
    with loader.gateway.database.transaction(loader.gateway.self_actor) as tx:
        past = resources.history(tx, "Goal", loader.resource("Goal", "g1").id)
    assert [it.resource["lifecycleStatus"] for it in past] == ["completed", "on-hold", "active"]
    assert counts(loader.load(file)) == (0, 3, 0, 0)


def test_a_history_bundle_is_loaded_oldest_first(loader: Loader) -> None:
    loader.load(loader.file(bundle("history", {**GOAL, "lifecycleStatus": "completed"}, GOAL)))

    assert loader.resource("Goal", "g1").resource["lifecycleStatus"] == "completed"


def test_a_search_result_is_loaded_without_what_the_server_said_about_the_search(loader: Loader) -> None:
    outcome = {"resource": {"resourceType": "OperationOutcome", "issue": []}, "search": {"mode": "outcome"}}

    assert counts(loader.load(loader.file(bundle("searchset", GOAL, outcome)))) == (1, 0, 0, 0)


def edit_here(loader: Loader, **elements: Any) -> None:
    held = loader.resource("Goal", "g1")
    with loader.gateway.database.transaction(loader.gateway.self_actor) as tx:
        resources.update(tx, {**held.resource, **elements})


def test_what_was_edited_here_stays_when_the_same_file_is_loaded_again(loader: Loader) -> None:
    file = loader.file(GOAL)
    loader.load(file)
    edit_here(loader, lifecycleStatus="on-hold")

    assert counts(loader.load(file)) == (0, 1, 0, 0)
    assert loader.resource("Goal", "g1").resource["lifecycleStatus"] == "on-hold"


def test_edits_of_different_elements_here_and_there_are_both_kept(loader: Loader) -> None:
    loader.load(loader.file(GOAL))
    edit_here(loader, lifecycleStatus="on-hold")

    assert counts(loader.load(loader.file({**GOAL, "startDate": "2026"}))) == (0, 0, 1, 0)
    held = loader.resource("Goal", "g1").resource
    assert (held["lifecycleStatus"], held["startDate"]) == ("on-hold", "2026")


def test_edits_of_the_same_element_here_and_there_are_refused_and_nothing_is_overwritten(
    loader: Loader,
) -> None:
    loader.load(loader.file(GOAL))
    edit_here(loader, lifecycleStatus="on-hold")

    report = loader.load(loader.file({**GOAL, "lifecycleStatus": "completed"}))

    assert counts(report) == (0, 0, 0, 1)
    assert report.refusals[0].element == "Goal.lifecycleStatus"
    assert loader.resource("Goal", "g1").resource["lifecycleStatus"] == "on-hold"


def test_a_malformed_bundle_is_refused_naming_the_element_and_nothing_is_written(loader: Loader) -> None:
    before = loader.rows()
    broken: Resource = bundle("collection", GOAL, PATIENT)
    broken["entry"][1] = {"resource": {"id": "p1"}}

    (refusal,) = loader.load(loader.file(broken)).refusals

    assert refusal.element == "Bundle.entry[1].resource"
    assert loader.rows() == before


def test_what_is_no_json_is_refused_naming_line_and_column(loader: Loader) -> None:
    report = loader.load(loader.file(b'{"resourceType":\n oops}'), loader.file(GOAL))

    assert counts(report) == (1, 0, 0, 1)
    assert "line 2, column 2" in report.refusals[0].reason


def test_one_refused_resource_refuses_its_whole_transaction_bundle(loader: Loader) -> None:
    before = loader.rows()

    report = loader.load(loader.file(bundle("transaction", PATIENT, {**GOAL, "sandwich": 1}, PLAN)))

    assert counts(report) == (0, 0, 0, 3)
    assert [(r.entry, r.element) for r in report.refusals] == [
        (1, "Goal.sandwich"),
        (0, "Bundle.entry[0]"),
        (2, "Bundle.entry[2]"),
    ]
    assert loader.rows() == before


def test_a_conflict_found_midway_undoes_the_whole_transaction_bundle(loader: Loader) -> None:
    loader.load(loader.file(GOAL))
    edit_here(loader, lifecycleStatus="on-hold")
    before = loader.rows()

    report = loader.load(
        loader.file(bundle("transaction", PATIENT, {**GOAL, "lifecycleStatus": "completed"}, PLAN))
    )

    assert counts(report) == (0, 0, 0, 3)
    assert report.refusals[0].entry == 1
    assert loader.rows() == before
    # Ids that were allocated inside are forgotten with it.
    assert counts(loader.load(loader.file(bundle("transaction", PATIENT, PLAN)))) == (2, 0, 0, 0)


@pytest.mark.parametrize("kind", ["batch", "collection", "searchset"])
def test_elsewhere_a_refused_resource_refuses_only_itself(loader: Loader, kind: str) -> None:
    report = loader.load(loader.file(bundle(kind, PATIENT, {**GOAL, "sandwich": 1}, PLAN)))

    assert counts(report) == (2, 0, 0, 1)
    assert (report.refusals[0].entry, report.refusals[0].element) == (1, "Goal.sandwich")


def test_a_conflict_in_a_collection_leaves_what_comes_after_it_whole(loader: Loader) -> None:
    loader.load(loader.file(GOAL))
    edit_here(loader, subject={"display": "x"})
    there = {**GOAL, "subject": {"reference": "Patient/p9"}}

    report = loader.load(loader.file(bundle("collection", there, {**PATIENT, "id": "p9"})))

    assert counts(report) == (1, 0, 0, 1)
    assert loader.resource("Patient", "p9").resource["birthDate"] == "1987"


def test_ndjson_is_loaded_line_by_line_and_a_bad_line_refuses_only_itself(loader: Loader) -> None:
    report = loader.load(loader.file(PATIENT, b"{broken", b"", PLAN, bundle("batch"), name="all.ndjson"))

    assert counts(report) == (2, 0, 0, 2)
    assert [refusal.entry for refusal in report.refusals] == [2, 5]


def test_a_cut_off_line_of_ndjson_is_said_to_end_on_that_line(loader: Loader) -> None:
    (refusal,) = loader.load(loader.file(PATIENT, b'{"resourceType":"Goal",', name="cut.ndjson")).refusals

    assert (refusal.entry, "line 1, column 24" in refusal.reason) == (2, True), refusal.reason


def test_what_has_neither_id_nor_full_url_is_refused(loader: Loader) -> None:
    nameless = {k: v for k, v in GOAL.items() if k != "id"}

    for report in (
        loader.load(loader.file(nameless)),
        loader.load(loader.file(bundle("collection", nameless))),
    ):
        assert counts(report) == (0, 0, 0, 1)
        assert "neither an id nor a fullUrl" in report.refusals[0].reason


def test_a_deletion_is_not_loaded(loader: Loader) -> None:
    loader.load(loader.file(GOAL))

    report = loader.load(loader.file(bundle("batch", {"request": {"method": "DELETE", "url": "Goal/g1"}})))

    assert counts(report) == (0, 0, 0, 1)
    assert "deletes nothing" in report.refusals[0].reason
    assert not loader.resource("Goal", "g1").deleted


def test_what_was_deleted_here_does_not_come_back_by_the_same_file(loader: Loader) -> None:
    file = loader.file(GOAL)
    loader.load(file)
    held = loader.resource("Goal", "g1")
    with loader.gateway.database.transaction(loader.gateway.self_actor) as tx:
        resources.delete(tx, "Goal", held.id)

    assert counts(loader.load(file)) == (0, 1, 0, 0)
    assert "was deleted here" in loader.load(loader.file({**GOAL, "startDate": "2026"})).refusals[0].reason


def test_two_sources_with_the_same_ids_stay_apart(loader: Loader) -> None:
    file = loader.file(PATIENT)

    loader.load(file)
    report = load(loader.gateway, loader.gateway.self_actor, [file], source="south")

    assert counts(report) == (1, 0, 0, 0)


def test_nothing_is_loaded_as_made_here(loader: Loader) -> None:
    with pytest.raises(BadRequest, match="cannot be as 'here'"):
        load(loader.gateway, loader.gateway.self_actor, [], source="here")


@pytest.mark.shared_data
def test_the_published_examples_load_and_load_again(loader: Loader, shared_data: Path) -> None:
    files = files_under([shared_data / "sdoh-clinicalcare", shared_data / "us-core-6.1.0"])

    first = loader.load(*files)
    again = loader.load(*files)

    assert first.loaded > 200
    assert (again.loaded, again.changed) == (0, 0)
    assert again.refusals == first.refusals == []


def test_folders_are_searched_in_order(tmp_path: Path) -> None:
    for name in ("b.json", "a/z.ndjson", "a/a.json", "readme.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps({}))

    found = [str(file.relative_to(tmp_path)) for file in files_under([tmp_path / "b.json", tmp_path])]

    assert found == ["b.json", "a/a.json", "a/z.ndjson"]
