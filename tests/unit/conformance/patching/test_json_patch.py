"""JSON Patch on a resource: RFC 6902, and what it leaves alone."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from typing import Any

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.conformance.patching import JSON_PATCH, read_patch
from gateway.conformance.patching.json_patch import is_equal, json_patch
from gateway.errors import BadRequest, TooLarge, Unprocessable, UnsupportedPatch
from gateway.fhir.json_codec import read_untrusted, write


def patched(document: Any, *operations: dict[str, Any]) -> Any:
    return json_patch(list(operations)).applied(document)


@pytest.mark.parametrize(
    ("document", "operation", "expected"),
    [  # Source: https://www.rfc-editor.org/rfc/rfc6902#appendix-A
        ({"foo": "bar"}, {"op": "add", "path": "/baz", "value": "qux"}, {"foo": "bar", "baz": "qux"}),
        (
            {"foo": ["bar", "baz"]},
            {"op": "add", "path": "/foo/1", "value": "qux"},
            {"foo": ["bar", "qux", "baz"]},
        ),
        ({"baz": "qux", "foo": "bar"}, {"op": "remove", "path": "/baz"}, {"foo": "bar"}),
        ({"foo": ["a", "b", "c"]}, {"op": "remove", "path": "/foo/1"}, {"foo": ["a", "c"]}),
        ({"baz": "qux"}, {"op": "replace", "path": "/baz", "value": "boo"}, {"baz": "boo"}),
        (
            {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
            {"op": "move", "from": "/foo/waldo", "path": "/qux/thud"},
            {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
        ),
        (
            {"foo": ["all", "grass", "cows", "eat"]},
            {"op": "move", "from": "/foo/1", "path": "/foo/3"},
            {"foo": ["all", "cows", "eat", "grass"]},
        ),
        ({"baz": "qux"}, {"op": "test", "path": "/baz", "value": "qux"}, {"baz": "qux"}),
        ({"foo": ["bar"]}, {"op": "add", "path": "/foo/-", "value": ["d"]}, {"foo": ["bar", ["d"]]}),
        ({"/": 9, "~1": 10}, {"op": "test", "path": "/~01", "value": 10}, {"/": 9, "~1": 10}),
        ({"foo": None}, {"op": "test", "path": "/foo", "value": None}, {"foo": None}),
        ({"a": 1}, {"op": "copy", "from": "/a", "path": "/b", "more": "ignored"}, {"a": 1, "b": 1}),
    ],
)
def test_the_examples_of_the_rfc(document: Any, operation: dict[str, Any], expected: Any) -> None:
    before = copy.deepcopy(document)

    assert patched(document, operation) == expected
    assert document == before


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": "/none/there", "value": 1},
        {"op": "add", "path": "/list/3", "value": 1},
        {"op": "add", "path": "/list/01", "value": 1},
        {"op": "add", "path": "/text/0", "value": 1},
        {"op": "remove", "path": "/none"},
        {"op": "remove", "path": "/list/-"},
        {"op": "remove", "path": ""},
        {"op": "replace", "path": "/none", "value": 1},
        {"op": "replace", "path": "", "value": 1},
        {"op": "copy", "from": "/none", "path": "/text"},
        {"op": "move", "from": "/none", "path": "/none"},
        {"op": "test", "path": "/yes", "value": 1},
        {"op": "test", "path": "/one", "value": True},
        {"op": "test", "path": "/one", "value": "1"},
        {"op": "test", "path": "/list", "value": [2, 1]},
    ],
)
def test_what_does_not_fit_the_resource_is_refused(operation: dict[str, Any]) -> None:
    document = {"list": [1, 2], "text": "t", "yes": True, "one": 1}

    with pytest.raises(Unprocessable) as refused:
        patched(
            document,
            {"op": "remove", "path": "/text"},
            {"op": "add", "path": "/text", "value": ""},
            operation,
        )

    assert document == {"list": [1, 2], "text": "t", "yes": True, "one": 1}
    assert operation["path"] == "" or "Operation 3" in str(refused.value)


@pytest.mark.parametrize(
    "said",
    [
        {"op": "add"},
        ["add"],
        [{"op": "addition", "path": "/a", "value": 1}],
        [{"op": ["add"], "path": "/a", "value": 1}],
        [{"path": "/a", "value": 1}],
        [{"op": "add", "path": "/a"}],
        [{"op": "add", "path": "a", "value": 1}],
        [{"op": "add", "path": "/a~2", "value": 1}],
        [{"op": "add", "path": 1, "value": 1}],
        [{"op": "move", "path": "/a"}],
        [{"op": "move", "from": "/a", "path": "/a/b"}],
        [{"op": "add", "path": "/a" * 65, "value": 1}],
    ],
)
def test_what_is_no_patch_is_a_bad_request(said: Any) -> None:
    with pytest.raises(BadRequest):
        read_patch(json.dumps(said).encode(), JSON_PATCH)


def test_another_format_is_not_read() -> None:
    with pytest.raises(UnsupportedPatch):
        read_patch(b"[]", "application/json")


def test_digits_and_order_of_what_is_not_patched_stay() -> None:
    body = b'{"z":1.10,"resourceType":"Basic","a":{"y":0.500,"b":"2026-03-01T09:30:00.120+02:00"},"q":7.00}'
    document: Any = read_untrusted(body)

    after = read_patch(b'[{"op":"replace","path":"/q","value":7.000}]', JSON_PATCH).applied(document)

    assert write(after) == body.replace(b"7.00", b"7.000")


def test_numbers_are_equal_by_value_and_true_is_no_number() -> None:
    assert is_equal(1, Decimal("1.00"))
    assert not is_equal(True, 1)
    assert not is_equal([False], [0])
    assert is_equal({"a": 1, "b": [None]}, {"b": [None], "a": Decimal(1)})


@pytest.mark.parametrize("changed", [{"id": "2"}, {"resourceType": "Goal"}])
def test_a_resource_stays_itself(changed: dict[str, str]) -> None:
    [(name, value)] = changed.items()
    change = read_patch(json.dumps([{"op": "add", "path": f"/{name}", "value": value}]).encode(), JSON_PATCH)

    with pytest.raises(Unprocessable, match=name):
        change.applied({"resourceType": "Basic", "id": "1"})


@pytest.mark.parametrize(
    ("removed", "left"),
    [
        ("/name/0/given/0", b'"name":[{"given":["B"],"_given":[{"id":"b"}]}],"x":{"y":[1]}'),
        ("/name/0/_given/0/id", b'"name":[{"given":["A","B"],"_given":[null,{"id":"b"}]}],"x":{"y":[1]}'),
        ("/x/y/0", b'"name":[{"given":["A","B"],"_given":[{"id":"a"},{"id":"b"}]}]'),
    ],
)
def test_nothing_empty_is_left_behind(removed: str, left: bytes) -> None:
    resource: Any = {
        "resourceType": "Basic",
        "name": [{"given": ["A", "B"], "_given": [{"id": "a"}, {"id": "b"}]}],
        "x": {"y": [1]},
    }
    paths = [removed, removed.replace("given", "_given")] if "/given" in removed else [removed]
    said = json.dumps([{"op": "remove", "path": path} for path in paths]).encode()

    after = read_patch(said, JSON_PATCH).applied(resource)

    assert write(after) == b'{"resourceType":"Basic",' + left + b"}"
    with_empty = {**resource, "stored": []}
    assert read_patch(b"[]", JSON_PATCH).applied(with_empty) == with_empty, "what was there is left alone"


def test_a_small_patch_does_not_make_an_enormous_resource() -> None:
    doubling = [{"op": "copy", "from": "/a", "path": "/a/-"} for _ in range(40)]
    deepening = [{"op": "copy", "from": "/a", "path": "/a/0/0"}] * 40

    with pytest.raises(TooLarge):
        patched({"a": [[1]]}, *doubling)
    with pytest.raises(TooLarge):
        patched({"a": [[1]]}, *deepening)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "~", "/"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "~/"]), inner, max_size=3)
    ),
    max_leaves=8,
)
POINTER = st.lists(st.sampled_from(["a", "b", "~0~1", "0", "1", "-"]), min_size=1, max_size=3).map(
    lambda steps: "/" + "/".join(steps)
)
OPERATION = st.one_of(
    st.builds(lambda op, path, value: {"op": op, "path": path, "value": value},
              st.sampled_from(["add", "replace", "test"]), POINTER, JSON),
    st.builds(lambda path: {"op": "remove", "path": path}, POINTER),
    st.builds(lambda op, path, origin: {"op": op, "path": path, "from": origin},
              st.sampled_from(["move", "copy"]), POINTER, POINTER),
)  # fmt: skip


@given(
    st.dictionaries(st.sampled_from(["a", "b", "~/"]), JSON, min_size=1, max_size=3),
    st.lists(OPERATION, max_size=4),
)
def test_it_does_what_the_library_jsonpatch_does(
    document: dict[str, Any], said: list[dict[str, Any]]
) -> None:
    try:
        expected = jsonpatch.JsonPatch(copy.deepcopy(said)).apply(copy.deepcopy(document))
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError):
        expected = None
    try:
        held = json_patch(said).applied(document)
    except (BadRequest, Unprocessable):
        held = None

    # The library takes true for 1, which is one reason why it is not used.
    assert held is None or expected is None or json.dumps(held) == json.dumps(expected)
    assert (held is None) == (expected is None) or _tests_a_boolean(said)


def _tests_a_boolean(said: list[dict[str, Any]]) -> bool:
    return any(it["op"] == "test" for it in said)


@given(document=st.dictionaries(st.sampled_from(["a", "b"]), JSON, max_size=2), other=JSON)
def test_the_patch_between_two_documents_leads_from_one_to_the_other(
    document: dict[str, Any], other: Any
) -> None:
    after = {"a": other}
    said = jsonpatch.make_patch(document, after).patch

    assert json_patch(said).applied(document) == after
