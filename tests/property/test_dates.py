"""Laws of FHIR dates."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from gateway.fhir.dates import FhirDate, FhirDateTime, FhirInstant

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=OFFSETS)  # noqa: DTZ001
DAYS = st.dates().map(lambda day: f"{day.year:04}-{day.month:02}-{day.day:02}")


@given(MOMENTS)
def test_a_moment_keeps_its_text_and_its_place_in_time(moment: datetime) -> None:
    text = moment.isoformat(timespec="microseconds")
    known = FhirInstant.parse(text)

    assert known.text == str(known) == text
    assert known.earliest() == known.latest() == moment
    assert known.earliest().tzinfo is UTC


@given(MOMENTS, MOMENTS)
def test_moments_keep_their_order(one: datetime, other: datetime) -> None:
    first, second = (FhirDateTime.parse(m.isoformat(timespec="microseconds")) for m in sorted((one, other)))

    assert first.earliest() <= second.earliest()
    assert first.is_same_moment(second) == (one == other)


@given(DAYS, st.sampled_from([4, 7, 10]))
def test_a_coarser_date_contains_every_finer_one(text: str, length: int) -> None:
    coarse, fine = FhirDate.parse(text[:length]), FhirDate.parse(text)

    assert coarse.text == text[:length]
    assert coarse.earliest() <= fine.earliest() < fine.latest() <= coarse.latest()


@given(st.text(max_size=30) | st.from_regex(r"[0-9T:Z.+-]{0,30}"))
def test_any_text_is_a_date_time_or_a_value_error(text: str) -> None:
    for kind in (FhirDate, FhirDateTime, FhirInstant):
        with suppress(ValueError):
            assert kind.parse(text).text == text


TEXTS = st.one_of(
    DAYS,
    MOMENTS.map(lambda moment: moment.isoformat(timespec="seconds")),
    st.from_regex(
        r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2}))?)?)?"
    ),
)


@given(TEXTS, st.sampled_from([FhirDate, FhirDateTime, FhirInstant]))
def test_what_is_valid_is_exactly_what_can_be_parsed(text: str, kind: type[FhirDate]) -> None:
    parsed = None
    with suppress(ValueError):
        parsed = kind.parse(text)

    assert kind.is_valid(text) == (parsed is not None)
