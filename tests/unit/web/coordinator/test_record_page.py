"""One page brings the sources together without hiding what only one of them knows."""

from __future__ import annotations

from datetime import date
from typing import Any

from gateway.web.coordinator.record_page import record_page

TODAY = date(2026, 11, 22)
HOME = {"kind": "phone", "value": "01632 960471"}


def _page(**record: Any) -> Any:
    return record_page({"person": {"id": "p", "source": "here"}, **record}, str.upper, TODAY)


def test_a_number_that_only_one_hospital_knows_is_shown_with_that_hospital() -> None:
    page = _page(known_as=[{"source": "northside"}, {"source": "st-annes", "telecoms": [HOME]}])

    assert page.phone == "01632 960471 (ST-ANNES)"


def test_sources_that_agree_are_named_together_and_those_that_differ_side_by_side() -> None:
    mobile = {"kind": "phone", "value": "07700 900518"}
    known_as = [{"source": source, "telecoms": [HOME]} for source in ("st-annes", "northside")]
    page = _page(known_as=[*known_as, {"source": "gp", "telecoms": [mobile]}])

    assert page.phone == "01632 960471 (ST-ANNES, NORTHSIDE); 07700 900518 (GP)"


def test_what_was_entered_here_is_named_only_where_no_source_says_the_same() -> None:
    person = {"id": "p", "source": "here", "telecoms": [HOME]}

    assert _page(person=person).phone == "01632 960471 (HERE)"
    told = [{"source": "st-annes", "telecoms": [HOME]}]
    assert _page(person=person, known_as=told).phone == "01632 960471 (ST-ANNES)"


def test_what_nobody_knows_says_so() -> None:
    page = _page()

    assert (page.phone, page.address, page.person.born) == ("Not known", "Not known", "Not known")
    assert [section.nothing for section in page.sections if not section.items] == [
        "No plan yet.",
        "No goal yet.",
        "No team yet.",
        "No referral yet.",
    ]


def test_an_outcome_is_told_in_the_agencys_words() -> None:
    outcome = {"kind": {"code": "service-delivered"}, "resource_text": "Joan walks with Ada."}
    leg = {"organisation_text": "Elm Trust", "status": "completed", "outcomes": [outcome]}
    referral = {"id": "r", "state": "completed", "source": "here", "legs": [leg]}
    [item] = _page(referrals=[referral]).sections[3].items

    assert item.lines == ("Elm Trust: Finished", "Outcome: Joan walks with Ada.")
    assert (item.state, item.is_open) == ("Finished", False)
