"""The abuse cases of the FHIR API, B-00, B-09 to B-23 and B-36 to B-43: which tests show each, in one table.

A: a community agency; H: a hospital's EHR; X: an outsider. Hidden and missing look the same everywhere. Where
a case of the security notes differs from design.md, the design rules, and the case says so here.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pytest

TESTS: Final = Path(__file__).resolve().parent.parent
FHIR, WEB, ODD = "unit/web/fhir_api", "unit/web", "unit/web/odd_requests"
AGENCY: Final = f"{WEB}/test_what_an_agency_tries.py"
ACCESS: Final = "guards/test_every_route_declares_its_access.py"
ALONE: Final = "property/test_two_worlds.py::test_hidden_rows_change_no_answer"
APART: Final = "two_worlds/test_two_worlds.py::test_what_is_hidden_changes_no_answer"


@dataclass(frozen=True, slots=True)
class Case:
    """One abuse case.

    abuse           who tries what
    required        what must happen, as the design has it
    tests           files and functions below tests/, 1..* unless the case does not apply
    not_applicable  why the rest of the case, or all of it, does not apply
    """

    number: str
    abuse: str
    required: str
    tests: tuple[str, ...] = ()
    not_applicable: str = ""


CASES: Final = (
    Case("B-00", "a route or a type is added without a policy",
         "the application does not start",
         (f"{ACCESS}::test_a_route_that_declares_nothing_keeps_the_application_from_starting",
          f"{ACCESS}::test_a_hole_in_the_policy_keeps_the_application_from_starting",
          f"{ACCESS}::test_a_type_that_is_served_without_a_policy_keeps_the_application_from_starting",
          f"{ACCESS}::test_a_route_that_the_policy_does_not_know_keeps_the_application_from_starting",
          f"{ACCESS}::test_a_route_below_fhir_that_declares_no_interaction_is_named",
          f"{FHIR}/test_policy_at_the_door.py::test_exactly_what_the_policy_allows_is_let_in")),
    Case("B-09", "A reads another agency's ServiceRequest, Task or Patient by id, HEAD, _summary",
         "404, to the byte as for what is missing; the audit names the true target",
         (f"{AGENCY}::test_b_09_what_others_were_asked_is_not_there",
          f"{FHIR}/test_read.py::test_hidden_and_missing_are_answered_alike",
          "unit/store/test_second_look.py::test_a_statement_without_its_condition_shows_nothing",
          ALONE, APART)),
    Case("B-10", "A searches without limits",
         "only what an open grant covers; totals are counted after that",
         (f"{AGENCY}::test_b_10_a_search_without_limits_finds_what_was_granted",
          f"{FHIR}/test_search_type.py::test_an_agency_without_grants_finds_nothing",
          APART)),
    Case("B-11", "A reaches further by _include, _revinclude, :iterate or *",
         "400 but for the listed ones, whose targets pass the same filter",
         (f"{AGENCY}::test_b_11_no_include_leads_further",
          f"{FHIR}/test_search_beyond_one_type.py::test_an_include_never_shows_what_another_hospital_holds",
          APART)),
    Case("B-12", "A joins: _has, chains, _filter, _query, _text, _content, composites",
         "400; one chain, patient.identifier, is served",
         (f"{AGENCY}::test_b_12_nothing_is_searched_by_a_join",
          f"{FHIR}/test_search_beyond_one_type.py::test_an_agency_is_refused_every_way_around_its_view")),
    Case("B-13", "A searches or sorts by an element that its view leaves out",
         "400, and nothing is evaluated",
         (f"{AGENCY}::test_b_13_what_its_view_leaves_out_is_neither_searched_nor_sorted_by",
          f"{WEB}/test_what_an_agency_is_shown.py::test_what_is_not_shown_is_not_searched")),
    Case("B-14", "A edits a page token, uses another client's, or goes on after its grant ended",
         "400; rows are filtered again on each page",
         (f"{AGENCY}::test_b_14_a_page_token_is_good_for_one_agency_while_it_is_granted",
          f"{FHIR}/test_search_type.py::test_a_page_token_is_good_for_its_client_and_its_search_only",
          f"{FHIR}/test_history_of_types.py::test_a_page_token_is_good_for_its_client_and_its_history_only",
          "unit/store/test_search.py::test_a_foreign_or_edited_cursor_is_refused")),
    Case("B-15", "A asks by conditional create, update or delete",
         "only what it sees can fit; 412 never tells of what is hidden",
         (f"{AGENCY}::test_b_15_no_condition_tells_of_what_is_hidden",
          f"{FHIR}/test_create.py::test_a_condition_never_tells_of_what_is_hidden",
          f"{FHIR}/test_conditional_writes.py::test_what_others_hold_is_not_found_by_criteria",
          f"{FHIR}/test_transaction.py::test_a_conditional_reference_never_tells_of_what_is_hidden",
          APART)),
    Case("B-16", "A or H chooses the id of what is hidden",
         "ids are random and ours: PUT to an unknown id and to a hidden one is 405 alike (design.md 11)",
         (f"{FHIR}/test_update.py::test_an_id_that_is_hidden_and_one_that_never_was_are_answered_alike",
          f"{FHIR}/test_agency_answers.py::test_another_agency_finds_no_task_and_cannot_tell_that_there_is_one")),
    Case("B-17", "A changes whom a Task is for, what it is about, or who owns it",
         "422 business-rule, and nothing changes",
         (f"{FHIR}/test_agency_answers.py::test_whom_a_referral_is_about_and_who_owns_it_cannot_be_answered",
          f"{FHIR}/test_referrals_keep_their_rules.py::test_no_update_moves_it",
          f"{FHIR}/test_referrals_keep_their_rules.py"
          "::test_a_hospital_cannot_make_anothers_resource_be_about_somebody_else")),
    Case("B-18", "A refers to what is hidden, contained, versioned, or at another server",
         "422, and nothing is looked up elsewhere",
         (f"{AGENCY}::test_b_18_an_answer_refers_to_nothing_that_its_agency_does_not_see",
          "guards/test_sockets_are_opened_in_transport_only.py")),
    Case("B-19", "A or H mixes allowed and forbidden entries in a batch or a transaction",
         "each entry is judged as its own request; a transaction is done whole or not at all",
         (f"{FHIR}/test_batch.py::test_each_entry_is_answered_as_alone",
          f"{FHIR}/test_transaction.py::test_an_actor_may_nothing_more_in_a_bundle",
          f"{FHIR}/test_transaction.py::test_a_failure_at_the_last_entry_leaves_nothing",
          f"{FHIR}/test_transaction.py::test_an_entry_that_asks_for_nothing_is_named")),
    Case("B-20", "A reads versions from before its grant",
         "each version is judged by itself; 404 out of grant",
         (f"{AGENCY}::test_b_20_versions_from_before_the_grant_are_not_there",
          "unit/store/test_rows.py::test_an_earlier_version_about_somebody_else_stays_hidden",
          f"{FHIR}/test_history_of_types.py::test_each_is_told_only_versions_that_it_may_see",
          APART)),
    Case("B-21", "A calls $everything, $export, GraphQL, $validate, $match",
         "404 or 405: no operation is offered",
         (f"{AGENCY}::test_b_21_no_operation_is_offered",),
         "$match for hospitals is not built, so neither are its limits"),
    Case("B-22", "A guesses a Binary, or names a foreign one",
         "404 as if it were missing; what is served runs nowhere: nosniff, attachment, sandbox",
         (f"{AGENCY}::test_b_22_a_document_is_not_read_by_guessing",
          f"{FHIR}/test_binary.py::test_nothing_in_it_is_ever_run",
          f"{FHIR}/test_binary.py::test_its_security_context_is_something_the_writer_sees")),
    Case("B-23", "A goes on asking after a referral was declined, closed or re-routed",
         "404 from then on",
         (f"{AGENCY}::test_b_23_who_goes_on_asking_after_the_end_is_told_nothing",
          f"{WEB}/test_what_an_agency_is_shown.py::test_the_last_look_after_declining_shows_no_more_either",
          f"{WEB}/test_hooks.py::test_a_referral_they_declined_is_no_longer_theirs")),
    Case("B-36", "X sends a huge body, chunks, gzip, zip, a thousand parts, or never ends",
         "413, 411 or 415; nothing is unpacked, and what broke off is not taken for the whole",
         (f"{FHIR}/test_create.py::test_a_body_over_five_megabytes_is_refused",
          "journeys/test_fhir_api.py::test_bodies_come_whole_or_not_at_all",
          "faults/test_bytes_on_the_wire.py::test_a_bent_request_is_one_request_or_none",
          "faults/test_bytes_on_the_wire.py::test_what_broke_off_is_not_taken_for_the_whole",
          f"{FHIR}/test_negotiation.py::test_a_compressed_body_is_not_read",
          f"{ODD}/test_parameters.py::test_a_form_is_read_up_to_its_limit",
          "faults/test_slow_clients.py::test_sixty_clients_that_never_end_their_requests_hold_nobody_up")),
    Case("B-37", "X sends 100,000 levels, a million values, names twice, NaN, surrogates, NUL, UTF-16",
         "400 structure at every door, never a 500",
         (f"{ODD}/test_bodies.py::test_a_body_is_read_as_it_stands_or_refused",
          f"{ODD}/test_bodies.py::test_any_bytes_as_a_body_are_refused",
          f"{WEB}/test_nothing_sent_is_repeated.py::test_nothing_sent_is_repeated_or_breaks_anything",
          "property/test_json_codec.py::test_anything_that_looks_like_json_is_read_or_refused")),
    Case("B-38", "X sends texts on which a pattern tries every way",
         "time grows with the length alone, milliseconds for 64 kB",
         ("unit/conformance/test_no_pattern_is_slow.py::test_a_pattern_takes_no_longer_than_its_text_is_long",
          "unit/conformance/test_no_pattern_is_slow.py"
          "::test_the_typed_model_judges_each_primitive_in_a_few_milliseconds"),
         "its 422 comes with the R4 checks"),
    Case("B-39", "X sends XML, YAML, a pickle, or asks for XML",
         "415 or 406: no request path reaches a parser of them (design.md 6)",
         ("guards/test_no_request_reaches_another_parser.py"
          "::test_only_rule_files_and_settings_are_read_as_yaml_and_nothing_as_xml_or_pickle",
          "guards/test_no_request_reaches_another_parser.py"
          "::test_another_format_is_refused_by_every_route_and_parsed_by_none")),
    Case("B-40", "H sends names and numbers that look like somebody else's",
         "kept as sent, found folded; numbers in ASCII, no match by name, unseen signs shown",
         (f"{WEB}/test_look_alikes.py::test_a_name_is_found_however_its_accents_are_composed",
          f"{WEB}/test_look_alikes.py::test_equal_names_and_birth_dates_make_nobody_the_same_person",
          f"{WEB}/test_look_alikes.py::test_a_number_in_other_digits_is_no_number",
          f"{WEB}/test_look_alikes.py::test_a_page_shows_the_signs_that_are_not_seen",
          "unit/care/test_matching.py::test_other_spellings_are_no_nhs_number")),
    Case("B-41", "H writes over what somebody else wrote: two writers, a stale If-Match, none",
         "412, 428 for an agency's Task, and no update is lost",
         (f"{FHIR}/test_update.py::test_a_stale_version_is_refused",
          f"{FHIR}/test_update.py::test_an_agency_must_say_which_task_it_answers",
          f"{FHIR}/test_conditional_writes.py::test_of_32_updates_of_one_version_one_succeeds",
          f"{FHIR}/test_patch.py::test_many_patches_at_once_lose_nothing",
          f"{WEB}/test_records_api.py::test_a_change_needs_the_version_it_was_made_on")),
    Case("B-42", "H uses an Idempotency-Key again: the same body, another, at once, another client's",
         "the same answer, 422, 409, and keys of clients are apart",
         (f"{WEB}/test_records_api.py::test_the_same_idempotency_key_gives_the_same_answer",
          f"{WEB}/test_idempotency_keys.py::test_a_key_that_is_being_worked_on_is_a_conflict",
          f"{WEB}/test_idempotency_keys.py::test_keys_of_two_clients_are_two_keys"),
         "the FHIR API knows no Idempotency-Key: R4 has If-None-Exist for that"),
    Case("B-43", "X smuggles: lengths and chunks, Host, X-Forwarded, %2e%2e, //, method overrides",
         "one request or a refusal; our own names only; no header stands for a method or a name",
         ("faults/test_bytes_on_the_wire.py::test_a_bent_request_is_one_request_or_none",
          "faults/test_bytes_on_the_wire.py::test_only_our_own_name_is_answered",
          "faults/test_bytes_on_the_wire.py::test_a_request_line_is_read_as_it_is_written",
          f"{WEB}/test_headers.py::test_nobody_reaches_this_machine_under_a_name_of_its_own",
          f"{ODD}/test_addresses.py::test_every_route_answers_every_method",
          f"{ODD}/test_headers.py::test_a_header_is_understood_or_refused_or_has_no_effect")),
)  # fmt: skip

ASKED_FOR: Final = {0, *range(9, 24), *range(36, 44)}


@cache
def named_in(file: str) -> frozenset[str]:
    """The names of the tests that pytest finds in a file below tests/."""
    held = ast.parse((TESTS / file).read_text()).body
    return frozenset(
        it.name for it in held if isinstance(it, ast.FunctionDef) and it.name.startswith("test_")
    )


def test_every_case_that_was_asked_for_is_in_the_table_once() -> None:
    assert [case.number for case in CASES] == [f"B-{number:02}" for number in sorted(ASKED_FOR)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.number)
def test_a_case_has_tests_that_exist_or_a_reason(case: Case) -> None:
    assert case.tests or case.not_applicable
    for named in case.tests:
        file, _, function = named.partition("::")
        assert Path(file).name.startswith("test_")
        assert named_in(file), file
        assert not function or function in named_in(file), named
