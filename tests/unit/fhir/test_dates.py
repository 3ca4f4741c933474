"""FHIR dates: the text as received, and the span of moments it can mean."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.fhir.dates import FhirDate, FhirDateTime, FhirInstant, Precision


@pytest.mark.parametrize(
    ("text", "precision", "first", "last"),
    [
        ("1987", Precision.YEAR, (1987, 1, 1), (1987, 12, 31)),
        ("1987-06", Precision.MONTH, (1987, 6, 1), (1987, 6, 30)),
        ("1987-12", Precision.MONTH, (1987, 12, 1), (1987, 12, 31)),
        ("2024-02", Precision.MONTH, (2024, 2, 1), (2024, 2, 29)),
        ("9999-12", Precision.MONTH, (9999, 12, 1), (9999, 12, 31)),
        ("1987-06-05", Precision.DAY, (1987, 6, 5), (1987, 6, 5)),
    ],
)
def test_a_date_spans_all_that_it_can_mean(
    text: str, precision: Precision, first: tuple[int, int, int], last: tuple[int, int, int]
) -> None:
    for kind in (FhirDate, FhirDateTime):
        known = kind.parse(text)
        assert known.text == text
        assert known.precision is precision
        assert known.earliest() == datetime(*first, tzinfo=UTC)
        assert known.latest() == datetime(*last, 23, 59, 59, 999_999, tzinfo=UTC)


def test_a_moment_is_read_with_its_zone() -> None:
    known = FhirDateTime.parse("2026-03-29T01:30:00+01:00")

    assert known.precision is Precision.SECOND
    assert known.earliest() == datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert known.latest() == datetime(2026, 3, 29, 0, 30, 0, 999_999, tzinfo=UTC)


def test_a_fraction_is_one_moment() -> None:
    known = FhirInstant.parse("2026-03-29T01:30:00.123456789Z")

    assert known.text == "2026-03-29T01:30:00.123456789Z"
    assert known.earliest() == known.latest() == datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)


def test_a_leap_second_is_the_second_after() -> None:
    assert FhirInstant.parse("2016-12-31T23:59:60Z").earliest() == datetime(2017, 1, 1, tzinfo=UTC)


def test_the_same_moment_may_be_written_in_many_ways() -> None:
    noon = FhirDateTime.parse("2026-01-01T12:00:00Z")

    assert noon.is_same_moment(FhirDateTime.parse("2026-01-01T13:00:00.000+01:00"))
    assert not noon.is_same_moment(FhirDateTime.parse("2026-01-01T12:00:00.0000000001Z"))
    assert not FhirDateTime.parse("2026-01-01").is_same_moment(FhirDateTime.parse("2026-01-01"))


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:60-14:00"])
def test_the_edges_of_time_do_not_break(text: str) -> None:
    known = FhirDateTime.parse(text)

    assert known.earliest() <= known.latest()


@pytest.mark.parametrize(
    "text",
    ["", "87", "1987-13", "1987-02-30", "0000", "1987-6", "1987-06-05T10:00", "1987-06-05T10:00:00", "١٩٨٧",
     "1987\n", "2026-01-01T24:00:00Z", "2026-01-01T12:00:61Z", "2026-01-01T12:00:00+15:00",
     "2026-01-01T12:00:00+14:30"],
)  # fmt: skip
def test_what_is_no_date_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        FhirDateTime.parse(text)


@pytest.mark.parametrize("text", ["1987", "1987-06", "1987-06-05"])
def test_an_instant_is_always_a_moment(text: str) -> None:
    with pytest.raises(ValueError, match="not a FHIR instant"):
        FhirInstant.parse(text)


def test_a_date_has_no_time() -> None:
    with pytest.raises(ValueError, match="not a FHIR date"):
        FhirDate.parse("1987-06-05T10:00:00Z")
