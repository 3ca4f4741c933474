"""A body is read as it stands, or refused with the place and the reason."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.web.odd_requests.town import CANARY, FEW, FHIR, PLAIN, Town, soundly


def odd_bodies() -> dict[str, tuple[bytes, int]]:
    """Bodies of a Condition by what is odd about them, and the status each deserves."""
    umlaut = '{"resourceType":"Condition","subject":{"display":"Müller"}}'
    number = b'{"resourceType":"Condition","subject":{"display":"x"},"onsetAge":{"value":%s}}'
    return {
        "a byte order mark": (b"\xef\xbb\xbf" + PLAIN % b"x", 201),
        "blank lines around it": (b"\r\n\t " + PLAIN % b"x" + b"\n\n", 201),
        "a pair of surrogates": (PLAIN % b"\\ud83d\\ude00", 201),
        "noncharacters": (PLAIN % "\ufffe\uffff".encode(), 201),
        "decimal digits kept": (number % b"1.10", 201),
        "latin-1": (umlaut.encode("latin-1"), 400),
        "UTF-16": (umlaut.encode("utf-16"), 400),
        "UTF-16 without a mark": (umlaut.encode("utf-16-be"), 400),
        "UTF-32": (umlaut.encode("utf-32"), 400),
        "an overlong spelling": (PLAIN % b"\xc0\xaf", 400),
        "a surrogate in UTF-8": (PLAIN % b"\xed\xa0\x80", 400),
        "half a surrogate pair": (PLAIN % b"\\ud800", 400),
        "halves in the wrong order": (PLAIN % b"\\ude00\\ud83d", 400),
        "NUL, escaped": (PLAIN % b"\\u0000", 400),
        "NUL": (PLAIN % b"\x00", 400),
        "a raw line break in a string": (PLAIN % b"\n", 400),
        "an escape that is none": (PLAIN % b"\\x41", 400),
        "nothing": (b"", 400),
        "blanks": (b"   ", 400),
        "a number": (b"5", 400),
        "null": (b"null", 400),
        "an array": (b"[" + PLAIN % b"x" + b"]", 400),
        "two documents": (PLAIN % b"x" + PLAIN % b"y", 400),
        "a trailing comma": ((PLAIN % b"x")[:-1] + b",}", 400),
        "a comment": (b"// x\n" + PLAIN % b"x", 400),
        "single quotes": ((PLAIN % b"x").replace(b'"', b"'"), 400),
        "a duplicate name": ((PLAIN % b"x")[:-1] + b',"resourceType":"Condition"}', 400),
        "a duplicate name, spelled differently": (
            (PLAIN % b"x")[:-1] + b',"resource\\u0054ype":"Patient"}',
            400,
        ),
        "NaN": (number % b"NaN", 400),
        "Infinity": (number % b"-Infinity", 400),
        "1e999999": (number % b"1e999999", 400),
        "1e401": (number % b"1e401", 400),
        "ten thousand digits": (number % (b"9" * 10_000), 400),
        "ten thousand decimals": (number % (b"0." + b"9" * 10_000), 400),
        "a leading zero": (number % b"01", 400),
        "a hexadecimal number": (number % b"0x10", 400),
        "a number in Arabic digits": (number % "\u0661".encode(), 400),
        "a hundred thousand brackets": (b"[" * 100_000, 400),
        "a hundred thousand objects": (b'{"a":' * 100_000, 400),
        "deep, but closed": (b'{"resourceType":"Condition","a":' + b"[" * 100 + b"]" * 100 + b"}", 400),
        "a million values": (b'{"resourceType":"Condition","a":[' + b"1," * 1_000_000 + b"1]}", 413),
        "another type": (b'{"resourceType":"Task"}', 400),
        "no type": (b"{}", 400),
        "a type that is a number": (b'{"resourceType":5}', 400),
        "a type in lower case": (b'{"resourceType":"condition"}', 400),
        "an unknown element": (b'{"resourceType":"Condition","subject":{"display":"x"},"fooBar":1}', 422),
        "a form": (b"resourceType=Condition", 400),
        "multipart": (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n{}\r\n--x--', 400),
        "XML": (b'<Condition xmlns="http://hl7.org/fhir"/>', 400),
        "a document type": (b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>', 400),
        "YAML": (b"resourceType: Condition\nsubject: !!python/object/apply:os.system ['true']", 400),
        "a pickle": (b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00", 400),
        "a zip file": (b"PK\x03\x04" + b"\x00" * 26, 400),
        "gzip": (b"\x1f\x8b\x08\x00" + b"\x00" * 16, 400),
    }


ODD_BODIES: Final = odd_bodies()


@pytest.mark.parametrize("oddity", ODD_BODIES)
def test_a_body_is_read_as_it_stands_or_refused(town: Town, oddity: str) -> None:
    body, status = ODD_BODIES[oddity]
    made = soundly(town.client.post("/fhir/R4/Condition", data=body, content_type=FHIR), oddity)
    assert made.status_code == status, made.text

    held = json.loads(body.decode("utf-8-sig")) if status == 201 else None
    if held is not None:
        assert made.json is not None
        assert {name: made.json[name] for name in held} == held
        return
    address = f"/fhir/R4/Condition/{town.condition}"
    assert soundly(town.client.put(address, data=body, content_type=FHIR), oddity).status_code in (
        status,
        400,
    )
    assert town.client.get(address).headers["ETag"] == 'W/"1"'


@FEW
@given(st.binary(max_size=200))
def test_any_bytes_as_a_body_are_refused(town: Town, body: bytes) -> None:
    answer = town.client.post("/fhir/R4/Condition", data=body, content_type=FHIR)

    assert soundly(answer, body).status_code == 400


JSON_VALUES: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=10)
    | st.sampled_from([CANARY, "Patient/x", "#", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
ELEMENTS: Final = st.sampled_from(
    [
        "id",
        "meta",
        "implicitRules",
        "language",
        "text",
        "contained",
        "extension",
        "modifierExtension",
        "identifier",
        "subject",
        "code",
        "onsetDateTime",
        "onset",
        "_onsetDateTime",
        "stage",
        "evidence",
        "note",
        "resourceType",
    ]
)


@FEW
@given(st.dictionaries(ELEMENTS, JSON_VALUES, max_size=4))
def test_any_value_in_any_element_is_kept_or_refused(town: Town, elements: dict[str, Any]) -> None:
    body = {"resourceType": "Condition", "subject": {"display": "x"}, **elements}
    answer = soundly(town.client.post("/fhir/R4/Condition", json=body), body)

    if answer.status_code == 201:
        assert answer.json is not None
        kept = {**body, "id": answer.json["id"], "meta": answer.json["meta"]}
        assert answer.json == kept
    else:
        assert answer.status_code in (400, 422)
