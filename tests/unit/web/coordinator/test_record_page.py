"""One page brings the sources together without hiding what only one of them knows."""

from __future__ import annotations

from datetime import date
from typing import Any

from gateway.web.coordinator.record_page import record_page

TODAY = date(2026, 11, 22)
HOME = {"kind": "phone", "value": "01632 960471"}


def _page(**record: Any) -> Any:
    return record_page({"person": {"id": "p", "source": "here"}, **record}, str.upper, TODAY)


def _items(title: str, **record: Any) -> Any:
    return next(section.items for section in _page(**record).sections if section.title == title)


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
        "No contact yet.",
        "No need yet.",
        "No plan yet.",
        "No goal yet.",
        "No team yet.",
        "No referral yet.",
        "No appointment yet.",
        "No visit yet.",
        "No note yet.",
        "No consent yet.",
    ]


def test_an_outcome_is_told_in_the_agencys_words() -> None:
    outcome = {"kind": {"code": "service-delivered"}, "resource_text": "Joan walks with Ada."}
    leg = {"organisation_text": "Elm Trust", "status": "completed", "outcomes": [outcome]}
    referral = {"id": "r", "state": "completed", "source": "here", "legs": [leg]}
    [item] = _items("Referrals", referrals=[referral])

    assert item.lines == ("Elm Trust: Finished", "Outcome: Joan walks with Ada.")
    assert (item.state, item.is_open) == ("Finished", False)


def test_a_plan_without_a_title_is_called_what_it_is_for() -> None:
    def heading(**plan: Any) -> str:
        [item] = _items("Care plans", care_plans=[{"id": "c", "source": "here", **plan}])
        return str(item.heading)

    wound_care = {"code": "225358003", "display": "Wound care (regime)", "text": "Wound care"}
    assess = {"system": "http://hl7.org/fhir/us/core/CodeSystem/careplan-category", "code": "assess-plan"}
    assert heading(title="My plan", categories=[wound_care]) == "My plan"
    assert heading(categories=[assess, wound_care, wound_care]) == "Wound care"
    assert heading(categories=[assess]) == heading() == "Care plan without a title"


def test_the_progress_of_a_goal_is_told_in_words_even_when_only_a_code_came() -> None:
    def progress(**goal: Any) -> str:
        [item] = _items("Goals", goals=[{"id": "g", "source": "here", "description": "Walk", **goal}])
        return str(item.facts[0].value)

    assert progress(achievement={"code": "in-progress"}) == "Under way"
    assert progress(achievement={"code": "not-achieved"}) == "Not achieved"
    assert progress(achievement={"code": "x", "display": "Nearly"}) == "Nearly"
    assert progress(achievement={"code": "x"}, achievement_text="Twice a week") == "Twice a week"
    assert progress() == "Not known"


def test_a_contact_says_whether_they_may_be_told_and_when_nobody_asked() -> None:
    ngozi = {
        "id": "c",
        "name": {"family": "Okafor", "given": ["Ngozi"]},
        "relationship": [{"text": "Daughter"}],
    }

    def told(**more: Any) -> str:
        [item] = _items("Contacts", contacts=[ngozi | more])
        assert (item.heading, item.facts[0].value) == ("OKAFOR, Ngozi", "Daughter")
        return str(item.facts[1].value)

    assert [told(), told(may_be_told=True), told(may_be_told=False)] == ["Nobody asked yet", "Yes", "No"]
    [lead] = _items("Contacts", contacts=[ngozi | {"lead_carer": True}])
    assert (lead.state, lead.is_open) == ("Lead carer", True)


def test_a_need_says_since_when_in_the_form_it_was_given() -> None:
    def since(onset: Any) -> str:
        [item] = _items("Needs", needs=[{"id": "n", "text": "Lonely", "onset": onset}])
        return str(item.facts[0].value)

    forms = [
        {"at": "2019-02"},
        {"text": "in spring"},
        {"age": 81},
        {"low": 40, "high": 50, "unit": "years"},
        None,
    ]
    assert [since(form) for form in forms] == [
        "Feb-2019",
        "in spring",
        "The age of 81 years",
        "The age of 40 to 50 years",
        "Not known",
    ]


def test_a_need_that_is_over_is_not_under_way() -> None:
    for status, is_open in (("active", True), ("resolved", False), ("remission", False)):
        [item] = _items("Needs", needs=[{"id": "n", "text": "Lonely", "clinical_status": status}])
        assert item.is_open is is_open


def test_a_need_says_how_sure_it_is_or_that_nobody_said() -> None:
    def sure(**need: Any) -> str:
        [item] = _items("Needs", needs=[{"id": "n", "text": "Lonely", **need}])
        return str(item.facts[1].value)

    assert [sure(verification_status="refuted"), sure()] == ["Ruled out", "Not known"]


def test_an_appointment_says_when_in_which_zone_and_who_comes() -> None:
    joan = {"who": "Practitioner/4", "who_text": "Joan", "status": "needs-action"}
    walk = {"id": "a", "description": "First walk", "status": "booked", "participants": [joan]}

    def when(starts_at: str) -> str:
        [item] = _items("Appointments", appointments=[walk | {"starts_at": starts_at}])
        assert item.lines == ("Joan: Not answered yet",)
        return str(item.facts[0].value)

    assert when("2026-11-30T10:00:00Z") == when("2026-11-30T10:00:00+00:00") == "30-Nov-2026 10:00 UTC"
    assert when("2026-06-30T10:00:00+01:00") == "30-Jun-2026 10:00 +01:00"
    assert when("2026-06-30T10:00:00-05:00") == "30-Jun-2026 10:00 -05:00"


def test_a_consent_says_what_is_allowed_and_what_is_not() -> None:
    rule = {
        "decision": "deny",
        "who": [{"who": "Organization/1"}],
        "labels": [{"code": "PSY"}],
        "ends_at": "2027",
    }
    [item] = _items(
        "Consents", consents=[{"id": "c", "decision": "permit", "rules": [rule], "status": "active"}]
    )

    assert item.facts[0].value == "Allowed"
    assert item.lines == ("But: Forbidden; for Organization/1; what is marked PSY; until 2027",)


def test_a_note_tells_its_words_and_what_was_enclosed() -> None:
    contents = [{"text": "She called"}, {"title": "Letter.pdf"}]
    [item] = _items(
        "Notes", notes=[{"id": "n", "text": "She called", "contents": contents, "status": "completed"}]
    )

    assert item.lines == ("She called", "Enclosed: Letter.pdf")


def test_a_visit_says_where_the_person_went() -> None:
    stay = {"id": "v", "kind": {"code": "IMP"}, "status": "finished", "discharge": {"text": "Home"}}
    [item] = _items("Visits", visits=[stay])

    assert (item.heading, item.state, item.facts[2].value) == ("IMP", "Finished", "Home")
