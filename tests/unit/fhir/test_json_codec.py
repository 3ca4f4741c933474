"""The two doors of the JSON codec."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from gateway.errors import TooLarge, Unreadable
from gateway.fhir.json_codec import MAX_DEPTH, read_resource, read_stored, read_untrusted, write


@pytest.mark.parametrize(
    "digits", ["1.10", "0.0", "-0.50", "100.00", "0.000001", "12345678901234567890.123456789"]
)
def test_a_decimal_keeps_its_digits(digits: str) -> None:
    document = f'{{"value":{digits}}}'.encode()

    assert write(read_untrusted(document)) == document
    assert write(read_stored(document)) == document


def test_an_exponent_keeps_its_value_and_precision() -> None:
    assert write(read_untrusted(b"1e3")) == b"1E+3"
    assert read_untrusted(b"1e3") == Decimal(1000)
    assert write(read_untrusted(b"0.0000000010")) == b"1.0E-9"


def test_an_integer_stays_an_integer_however_large() -> None:
    large = b"123456789012345678901234567890"

    assert read_untrusted(large) == read_stored(large) == 123456789012345678901234567890
    assert write(read_untrusted(large)) == large


def test_the_order_of_elements_is_kept() -> None:
    document = b'{"resourceType":"Patient","zebra":1,"apple":2}'

    assert write(read_untrusted(document)) == document


@pytest.mark.parametrize(
    ("document", "place", "reason"),
    [
        (b'{"a":1,\n "a":2}', "line 2, column 2", "same element twice"),
        (b'{"a":{"b":1,"\\u0062":2}}', "line 1, column 13", "same element twice"),
        (b"[1,\n\n NaN]", "line 3, column 2", "NaN and Infinity"),
        (b"[-Infinity]", "line 1, column 2", "NaN and Infinity"),
        (b'["\\ud800"]', "line 1, column 2", "surrogate"),
        (b'{"\\udc00":1}', "line 1, column 2", "surrogate"),
        (b'["\\u0000"]', "line 1, column 2", "NUL"),
        (b"[1e401]", "line 1, column 2", "too large"),
        (b"[1e-99999999999]", "line 1, column 2", "too large"),
        (b"[" + b"9" * 65 + b"]", "line 1, column 2", "too long"),
        (b"[0." + b"9" * 65 + b"]", "line 1, column 2", "too long"),
        (b'["a",\n"\xff"]', "line 2, column 2", "UTF-8"),
        (b'{"a":\n}', "line 2, column 1", "expecting value"),
        (b"", "line 1, column 1", "expecting value"),
        (b'["unfinished', "line 1, column 2", "unterminated string"),
        (b"[1] [2]", "line 1, column 5", "extra data"),
    ],
)
def test_what_is_not_fhir_json_is_refused_with_its_place(document: bytes, place: str, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_untrusted(document)

    assert place in refused.value.message
    assert reason in refused.value.message


@pytest.mark.parametrize(
    "document", [b'{"name":"Mireille","name":"Odette"}', b'{"name":"Mireille Odette}', b'["Odette" x]']
)
def test_a_refusal_never_quotes_what_was_sent(document: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        read_untrusted(document)

    assert "Odette" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert (
        refused.value.__suppress_context__ or refused.value.__context__ is None
    )  # it would hold the document


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert read_untrusted(rb'"\ud83d\ude00"') == "\N{GRINNING FACE}"


def test_an_escaped_backslash_before_u_is_no_surrogate() -> None:
    assert read_untrusted(rb'"\\ud800"') == r"\ud800"


def test_the_deepest_allowed_nesting_is_read_and_one_more_is_refused() -> None:
    assert read_untrusted(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH) is not None
    with pytest.raises(Unreadable, match=f"line 1, column {MAX_DEPTH + 1}: nested deeper than 64"):
        read_untrusted(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))


def test_brackets_within_strings_are_no_nesting() -> None:
    assert read_untrusted(b'["' + b"[{" * 500 + b'\\""]') == ["[{" * 500 + '"']


def test_a_very_deep_document_is_refused_without_recursion() -> None:
    with pytest.raises((Unreadable, TooLarge)):
        read_untrusted(b"[" * 2_000_000)


def test_too_many_values_are_refused() -> None:
    with pytest.raises(TooLarge, match="more than 200000 values"):
        read_untrusted(b"[" + b"0," * 200_000 + b"0]")


def test_too_many_bytes_are_refused() -> None:
    with pytest.raises(TooLarge, match="at most 5000000"):
        read_untrusted(b'"' + b"x" * 5_000_000 + b'"')


@pytest.mark.parametrize("unit", [b'"', b'\\"', b"\\", b'{"', b'":'])
def test_hostile_quotes_cost_linear_time(unit: bytes) -> None:
    document = b'"' + unit * (2_000_000 // len(unit))
    started = time.perf_counter()

    with pytest.raises((Unreadable, TooLarge)):
        read_untrusted(document)

    assert time.perf_counter() - started < 5  # quadratic would take hours


def test_a_byte_order_mark_is_skipped() -> None:
    assert read_untrusted(b"\xef\xbb\xbf{}") == {}


def test_a_resource_is_an_object_with_a_resource_type() -> None:
    assert read_resource(b'{"resourceType":"Goal"}') == {"resourceType": "Goal"}
    with pytest.raises(Unreadable, match="not an object"):
        read_resource(b"[]")
    with pytest.raises(Unreadable, match="no resourceType"):
        read_resource(b'{"id":"9"}')
