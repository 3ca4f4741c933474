"""Laws of the JSON codec."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from gateway.errors import TooLarge, Unreadable
from gateway.fhir.json_codec import read_stored, read_untrusted, write

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=6) | st.builds(
    Decimal, st.from_regex(r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,18}", fullmatch=True)
)
SCALARS = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | TEXT | DECIMALS
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=30)
PIECES = st.sampled_from(
    ['"', "\\", '\\"', "{", "}", "[", "]", ",", ":", "NaN", "-Infinity", "1e5", "1e5e5", "-", "0.1", '"a"',
     '"a":', "\\u0000", "\\ud800", "tru", "null", "\n", " ", "\N{GRINNING FACE}", "[" * 70, "9" * 70,
     '{"a":1,"a":2}']
)  # fmt: skip


@given(VALUES)
def test_what_is_written_is_read_back_with_its_digits(value: Any) -> None:
    document = write(value)

    assert repr(read_untrusted(document)) == repr(read_stored(document))
    assert write(read_untrusted(document)) == document
    assert read_stored(document) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(document: bytes) -> None:
    _read_or_refuse(document)


@given(st.lists(PIECES, max_size=20).map("".join))
@example('[1e5e5,{"a":1,"a":2}]')
def test_anything_that_looks_like_json_is_read_or_refused(document: str) -> None:
    _read_or_refuse(document.encode())


def _read_or_refuse(document: bytes) -> None:
    with suppress(Unreadable, TooLarge):  # and no RecursionError, no ValueError, nothing else
        value = read_untrusted(document)
        assert read_stored(write(value)) == value
