"""FHIRPath Patch: the operations of R4's own test cases, what they refuse, and what they leave alone.

The cases are those of HL7's fhir-test-cases (r4/patch/fhir-path-tests.xml), in JSON and with shorter values.
"""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.conformance.patching import FHIRPATH_PATCH, patch_of, read_patch
from gateway.conformance.patching.element_paths import MAX_LENGTH, read_path
from gateway.errors import BadRequest, Unprocessable
from gateway.fhir.json_codec import read_untrusted, write

Parts = dict[str, Any]


def operation(kind: str, path: str, *parts: Parts, **numbers: int) -> dict[str, Any]:
    said = [{"name": "type", "valueCode": kind}, {"name": "path", "valueString": path}]
    counted = [{"name": name, "valueInteger": number} for name, number in numbers.items()]
    return {"name": "operation", "part": [*said, *parts, *counted]}


def add(path: str, name: str, **value: Any) -> dict[str, Any]:
    return operation("add", path, {"name": "name", "valueString": name}, {"name": "value", **value})


def replace(path: str, **value: Any) -> dict[str, Any]:
    return operation("replace", path, {"name": "value", **value})


def insert(path: str, index: int, **value: Any) -> dict[str, Any]:
    return operation("insert", path, {"name": "value", **value}, index=index)


def delete(path: str) -> dict[str, Any]:
    return operation("delete", path)


def move(path: str, source: int, destination: int) -> dict[str, Any]:
    return operation("move", path, source=source, destination=destination)


def patched(resource: dict[str, Any], *operations: dict[str, Any]) -> dict[str, Any]:
    before = copy.deepcopy(resource)
    change = patch_of({"resourceType": "Parameters", "parameter": list(operations)})
    after = change.applied(resource)
    assert resource == before
    return after


def patient(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **elements}


def numbered(*values: str) -> list[dict[str, str]]:
    return [{"system": "http://example.org", "value": value} for value in values]


NAMED = {"name": {"text": "a name"}}
MARRIED, SINGLE = {"id": "1", "text": "married"}, {"id": "2", "text": "not married"}


@pytest.mark.parametrize(
    ("before", "operations", "after"),
    [
        ({"birthDate": "1920"}, [], {"birthDate": "1920"}),
        ({"birthDate": "1920"}, [replace("Patient.birthDate", valueDate="1930")], {"birthDate": "1930"}),
        ({"birthDate": "1920"}, [delete("Patient.birthDate")], {}),
        ({}, [delete("Patient.birthDate")], {}),
        ({}, [add("Patient", "birthDate", valueDate="1930")], {"birthDate": "1930"}),
        (
            {"contact": [NAMED | {"gender": "male"}]},
            [replace("Patient.contact[0].gender", valueCode="female")],
            {"contact": [NAMED | {"gender": "female"}]},
        ),
        (
            {"contact": [NAMED | {"gender": "male"}]},
            [replace("Patient.contact[0].name.text", valueString="the name")],
            {"contact": [{"name": {"text": "the name"}, "gender": "male"}]},
        ),
        (
            {"contact": [NAMED | {"gender": "male"}]},
            [delete("Patient.contact[0].gender")],
            {"contact": [NAMED]},
        ),
        (
            {"contact": [NAMED | {"gender": "male"}]},
            [delete("Patient.contact[0].name.text")],
            {"contact": [{"gender": "male"}]},
        ),
        (
            {"contact": [NAMED]},
            [add("Patient.contact[0]", "gender", valueCode="male")],
            {"contact": [NAMED | {"gender": "male"}]},
        ),
        ({}, [add("Patient", "maritalStatus", valueCodeableConcept=MARRIED)], {"maritalStatus": MARRIED}),
        (
            {"maritalStatus": MARRIED},
            [replace("Patient.maritalStatus", valueCodeableConcept=SINGLE)],
            {"maritalStatus": SINGLE},
        ),
        ({"maritalStatus": MARRIED}, [delete("Patient.maritalStatus")], {}),
        (
            {},
            [add("Patient", "contact", part=[{"name": "name", "valueHumanName": {"text": "a name"}}])],
            {"contact": [NAMED]},
        ),
        ({"contact": [NAMED]}, [delete("Patient.contact[0]")], {}),
        (
            {"identifier": numbered("1", "2")},
            [
                replace("Patient.identifier[0].value", valueString="2"),
                replace("Patient.identifier[1].value", valueString="1"),
            ],
            {"identifier": numbered("2", "1")},
        ),
        *(
            (
                {"identifier": numbered("1", "2")},
                [insert("Patient.identifier", index, valueIdentifier=numbered("3")[0])],
                {"identifier": numbered(*expected)},
            )
            for index, expected in ((0, "312"), (1, "132"), (2, "123"))
        ),
        (
            {"identifier": numbered("1", "2", "3")},
            [delete("Patient.identifier[1]")],
            {"identifier": numbered("1", "3")},
        ),
        *(
            (
                {"identifier": numbered("1", "2", "3", "4")},
                [move("Patient.identifier", *ends) for ends in moves],
                {"identifier": numbered(*expected)},
            )
            for moves, expected in (
                ([(3, 1)], "1423"),
                ([(3, 0)], "4123"),
                ([(3, 2)], "1243"),
                ([(0, 3)], "2341"),
                ([(1, 0), (2, 1)], "2314"),
                ([(3, 0), (3, 1), (3, 2)], "4321"),
            )
        ),
        (
            {},
            [add("Patient", "identifier", valueIdentifier=numbered("3")[0])],
            {"identifier": numbered("3")},
        ),
    ],
)
def test_the_test_cases_of_the_specification(
    before: dict[str, Any], operations: list[dict[str, Any]], after: dict[str, Any]
) -> None:
    assert patched(patient(**before), *operations) == patient(**after)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Patient.name.where(use = 'usual').given[1]", "C"),
        ("name.where(use='usual' and given.exists()).given.first()", "B"),
        ("Patient.name.where(use = 'old' or use = 'usual').given.last()", "C"),
        ("Patient.name.where((use = 'official').not()).given.skip(1).take(1)", "C"),
        ("Patient.name.where(family.empty()).given.where($this = 'B')", "B"),
        ("Patient.name.where(family.startsWith('Cha')).given.single()", "A"),
        ("Patient.name[1].`given`.tail()", "C"),
        ("Patient.telecom.where(rank = 1).value", "B"),
        ("Patient.where(active).telecom.where(rank != 2).value", "B"),
        ("Patient.extension('urn:x').value", "B"),
        ("Patient.extension.where(url = 'urn:x').value.ofType(string)", "B"),
        ("Patient.deceased", True),
        ("Patient.multipleBirth.ofType(integer)", 2),
        ("DomainResource.contained.where(id = 'o').name", "B"),
    ],
)
def test_a_path_finds_the_one_element(path: str, expected: Any) -> None:
    resource = patient(
        active=True,
        name=[
            {"use": "official", "family": "Chalmers", "given": ["A"]},
            {"use": "usual", "given": ["B", "C"]},
        ],
        telecom=[{"value": "B", "rank": 1}, {"value": "C", "rank": 2}],
        extension=[{"url": "urn:x", "valueString": "B"}],
        deceasedBoolean=True,
        multipleBirthInteger=2,
        contained=[{"resourceType": "Organization", "id": "o", "name": "B"}],
    )
    value: Parts = {"valueString": "Z"}
    if isinstance(expected, bool):
        value = {"valueBoolean": False}
    elif isinstance(expected, int):
        value = {"valueInteger": 9}

    text = write(patched(resource, replace(path, **value))).decode()

    [changed] = value.values()
    assert text.replace(write(changed).decode(), write(expected).decode()) == write(resource).decode()


@pytest.mark.parametrize(
    "asked",
    [
        replace("Patient.birthDate", valueDate="1930"),
        replace("Patient.name", valueHumanName={"text": "two"}),
        replace("Patient.name[7]", valueHumanName={"text": "none"}),
        replace("Patient.name.single()", valueHumanName={"text": "two"}),
        replace("Patient", valueHumanName={"text": "no resource"}),
        replace("Patient.nme", valueString="no such element"),
        replace("Observation.status", valueCode="final"),
        replace("Patient.active", valueString="true"),
        replace("Patient.deceased", valueString="no"),
        replace("Patient.deceasedBoolean", valueBoolean=False),
        add("Patient", "active", valueBoolean=False),
        add("Patient", "deceased", valueDateTime="2020"),
        add("Patient.contact", "gender", valueCode="male"),
        add("Patient.name[0]", "birthDate", valueDate="1930"),
        add("Patient", "contact", part=[{"name": "nme", "valueString": "x"}]),
        add("Patient", "contact", valueHumanName={"text": "a backbone is made of parts"}),
        add("Patient", "name", part=[{"name": "text", "part": [{"name": "x", "valueString": "x"}]}]),
        insert("Patient.name", 3, valueHumanName={"text": "beyond"}),
        insert("Patient.active", 0, valueBoolean=True),
        insert("Patient", 0, valueString="no list"),
        move("Patient.name", 0, 2),
        move("Patient.telecom", 0, 0),
        delete("Patient.name"),
        delete("Patient"),
        replace("Patient.id", valueId="another"),
        delete("Patient.id"),
    ],
)
def test_what_does_not_fit_the_resource_is_refused(asked: dict[str, Any]) -> None:
    resource = patient(id="1", active=True, deceasedBoolean=True, name=[{"text": "a"}, {"text": "b"}])

    with pytest.raises(Unprocessable):
        patched(resource, asked)


@pytest.mark.parametrize(
    "parameter",
    [
        "operation",
        {"name": "operation"},
        {"name": "operations", "part": []},
        operation("delete", "Patient.name", {"name": "value", "valueString": "x"}),
        operation("remove", "Patient.name"),
        operation("replace", "Patient.active"),
        operation("insert", "Patient.name", {"name": "value", "valueString": "x"}),
        operation("delete", "Patient.name") | {"part": [{"name": "type", "valueCode": "delete"}]},
        operation("delete", "Patient.name", {"name": "path", "valueString": "Patient.active"}),
        operation("move", "Patient.name[0]", source=0, destination=1),
        operation("move", "Patient.name", source=-1, destination=1),
        replace("Patient.active"),
        replace("Patient.active", valueBoolean=True, valueString="x"),
        replace("Patient.active", valueThing=True),
        replace("Patient.active", valueBoolean=None),
        replace("Patient.active", valueBoolean={}),
        replace("Patient.name", valueHumanName="a name"),
        replace("Patient.name", valueHumanName=[{}]),
        replace("Patient.name", part=[]),
        *(
            delete(path)
            for path in (
                "",
                "Patient.",
                "Patient..name",
                "Patient.name[",
                "Patient.name[-1]",
                "Patient.name['a']",
                "Patient.subject.resolve().name",
                "Patient.name.where(",
                "Patient.name.where(use = 'a)",
                "Patient.name.where(use ~ 'a')",
                "Patient.name.first(1)",
                "Patient.name or Patient.active",
                "Patient.name.where(" + "(" * 50 + "use = 'a'" + ")" * 50 + ")",
                "Patient" + ".name" * MAX_LENGTH,
            )
        ),
    ],
)
def test_what_is_no_patch_is_a_bad_request(parameter: Any) -> None:
    body = write({"resourceType": "Parameters", "parameter": [parameter]})

    with pytest.raises(BadRequest):
        read_patch(body, FHIRPATH_PATCH)


def test_another_resource_is_no_patch() -> None:
    with pytest.raises(BadRequest):
        read_patch(b'{"resourceType":"Patient"}', FHIRPATH_PATCH)


def test_a_choice_is_named_by_the_type_of_its_value() -> None:
    observed = {"resourceType": "Observation", "valueQuantity": {"value": Decimal("1.10")}, "status": "final"}

    changed = patched(observed, replace("Observation.value", valueString="none seen"))
    added = patched(
        {"resourceType": "Observation"}, add("Observation", "value", valueQuantity={"value": Decimal("1.10")})
    )

    assert write(changed) == b'{"resourceType":"Observation","valueString":"none seen","status":"final"}'
    assert write(added) == b'{"resourceType":"Observation","valueQuantity":{"value":1.10}}'


def test_a_list_of_primitives_and_what_stands_beside_it_stay_aligned() -> None:
    known = {"extension": [{"url": "urn:x", "valueBoolean": True}]}
    resource = patient(name=[{"given": ["A", "B", "C"], "_given": [None, known, None]}])

    deleted = patched(resource, delete("Patient.name[0].given[0]"))
    inserted = patched(resource, insert("Patient.name[0].given", 1, valueString="Z"))
    moved = patched(resource, move("Patient.name[0].given", 1, 2))
    forgotten = patched(resource, delete("Patient.name[0].given[1].extension[0]"))
    extended = patched(
        patient(name=[{"given": ["A", "B"]}]),
        add("Patient.name[0].given[1]", "extension", valueExtension=known["extension"][0]),
    )

    assert deleted["name"] == [{"given": ["B", "C"], "_given": [known, None]}]
    assert inserted["name"] == [{"given": ["A", "Z", "B", "C"], "_given": [None, None, known, None]}]
    assert moved["name"] == [{"given": ["A", "C", "B"], "_given": [None, None, known]}]
    assert forgotten["name"] == [{"given": ["A", "B", "C"]}]
    assert extended["name"] == [{"given": ["A", "B"], "_given": [None, known]}]


def test_a_primitive_is_extended_and_its_extension_taken_away() -> None:
    absent = {"url": "urn:reason", "valueCode": "unknown"}

    extended = patched(
        patient(birthDate="1930"), add("Patient.birthDate", "extension", valueExtension=absent)
    )

    assert extended["_birthDate"] == {"extension": [absent]}
    assert patched(extended, delete("Patient.birthDate.extension('urn:reason')")) == patient(birthDate="1930")


def test_digits_and_order_of_what_is_not_patched_stay() -> None:
    body = (
        b'{"valueQuantity":{"unit":"kg","value":70.50},"status":"final","resourceType":"Observation",'
        b'"effectiveDateTime":"2026-03-01T09:30:00.120+02:00","referenceRange":[{"low":{"value":1.10}}]}'
    )
    observed: Any = read_untrusted(body)

    after = patched(observed, replace("Observation.status", valueCode="amended"))

    assert write(after) == body.replace(b"final", b"amended")


ITEMS = st.lists(st.sampled_from("abcd"), max_size=4)


@given(items=ITEMS, new=st.sampled_from("xyz"), data=st.data())
def test_what_is_inserted_and_then_deleted_was_never_there(
    items: list[str], new: str, data: st.DataObject
) -> None:
    before = patient(name=[{"family": "F", **({"given": items} if items else {})}])
    at = data.draw(st.integers(0, len(items)))

    inserted = patched(before, insert("Patient.name[0].given", at, valueString=new))

    assert inserted["name"][0]["given"] == [*items[:at], new, *items[at:]]
    assert patched(inserted, delete(f"Patient.name[0].given[{at}]")) == before


@given(items=st.lists(st.sampled_from("abcd"), min_size=2, max_size=5), data=st.data())
def test_what_is_moved_is_moved_back(items: list[str], data: st.DataObject) -> None:
    before = patient(name=[{"given": items}])
    source, destination = (data.draw(st.integers(0, len(items) - 1)) for _ in range(2))

    moved = patched(before, move("Patient.name[0].given", source, destination))

    assert moved["name"][0]["given"][destination] == items[source]
    assert patched(moved, move("Patient.name[0].given", destination, source)) == before


@given(st.text(st.sampled_from("aP.[]()'`\\ =0$!@,-andwhere"), max_size=40))
def test_any_text_is_a_path_or_a_bad_request(text: str) -> None:
    try:
        read_path(text)
    except BadRequest:
        return
    assert text.strip()
