"""Statements that lost their condition, on purpose: the second look lets nothing of theirs leave."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from gateway.access.actors import Actor
from gateway.errors import AccessBreach, NotFound
from gateway.store import grants, includes, resources, rows, second_look
from gateway.store.database import Database, Transaction
from gateway.store.query import Include
from gateway.store.search import Query, search
from gateway.store.versions import Version
from tests.unit.store.cast import AMINA, ELM, GATEWAY, NORTHSIDE, OAK, OPS, ST_ANNES, made, patient, sees
from tests.unit.store.test_consent_denials import DENIED, ELM_DENIED, HOSPITAL, REFERRAL, Town, town

__all__ = ["town"]

Ask = Callable[[Transaction, Town], object]


def _broken(monkeypatch: pytest.MonkeyPatch, module: object, name: str) -> None:
    """The statement selects the rows of everybody."""
    statement: str = getattr(module, name)
    open_to_all = statement.replace("{rows}", "(TRUE OR {rows})").replace(
        "{versions}", "(TRUE OR {versions})"
    )
    assert open_to_all != statement
    monkeypatch.setattr(module, name, open_to_all)


STATEMENTS: list[tuple[object, str, Ask]] = [
    (resources, "_READ", lambda tx, town: resources.read(tx, "Goal", town.somebody_else.id)),
    (resources, "_VREAD", lambda tx, town: resources.vread(tx, "Goal", town.somebody_else.id, 1)),
    (resources, "_HISTORY", lambda tx, town: resources.history(tx, "Goal", town.somebody_else.id)),
    (
        includes,
        "_NAMED",
        lambda tx, town: search(tx, Query.of("Goal", [], includes=(Include("Goal", "subject"),))),
    ),
    (
        includes,
        "_POINTING",
        lambda tx, town: search(
            tx, Query.of("Patient", [], includes=(Include("Goal", "subject", reverse=True),))
        ),
    ),
]


@pytest.mark.parametrize(("module", "name", "ask"), STATEMENTS, ids=[name for _, name, _ in STATEMENTS])
def test_a_statement_without_its_condition_shows_nothing(
    monkeypatch: pytest.MonkeyPatch, town: Town, module: object, name: str, ask: Ask
) -> None:
    # What northside's own goal points at, and what points at its own patient, hidden from it.
    stranger = made(town.database, patient(), "eastgate")
    for about, source in ((stranger, "northside"), (town.at_northside, "eastgate")):
        subject = {"subject": {"reference": about.reference}}
        made(town.database, {"resourceType": "Goal", "lifecycleStatus": "active", **subject}, source)
    with town.database.transaction(GATEWAY) as tx:
        tx.connection.exec_driver_sql("DELETE FROM person_patient WHERE source = 'northside'")

    with town.database.transaction(NORTHSIDE) as tx, suppress(NotFound):
        ask(tx, town)  # as it is, it shows nothing hidden, or that there is nothing

    _broken(monkeypatch, module, name)
    with town.database.transaction(NORTHSIDE) as tx, pytest.raises(AccessBreach) as withheld:
        ask(tx, town)
    assert town.somebody_else.id not in withheld.value.message


def _everything(_: object) -> str:
    return "TRUE"


@pytest.mark.parametrize("actor", [NORTHSIDE, ELM, OPS], ids=lambda it: it.kind.value)
def test_a_condition_that_lets_everything_through_shows_nothing(
    monkeypatch: pytest.MonkeyPatch, town: Town, actor: Actor
) -> None:
    hidden = replace(actor, source="nowhere")
    _blind(monkeypatch)

    with town.database.transaction(GATEWAY) as tx:
        for query in (Query.of("Goal", []), Query.of("Goal", [], sort="_lastUpdated")):
            if actor is not OPS:  # the policy asks no condition before it refuses an administrator
                with pytest.raises(AccessBreach):
                    search(tx.acting_as(hidden), query)
    with town.database.transaction(GATEWAY) as tx, pytest.raises(AccessBreach):
        second_look.released(tx.acting_as(hidden), [town.here])


def _blind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "condition_on_heads", _everything)
    monkeypatch.setattr(rows, "condition_on_versions", _everything)


def test_a_condition_that_forgets_consents_shows_nothing_of_the_person(
    monkeypatch: pytest.MonkeyPatch, town: Town
) -> None:
    number = {"identifier": {"system": HOSPITAL.system, "value": HOSPITAL.value}}
    town.deny(town.person, number)
    monkeypatch.setattr(rows, "_DENIED", "(FALSE AND '{patients}' = '')")

    with town.database.transaction(DENIED) as tx:
        for hidden in (town.here, town.theirs, town.person):
            with pytest.raises(AccessBreach):
                resources.find(tx, hidden.type, hidden.id)
        assert resources.find(tx, "Goal", town.own.id) is not None


def test_both_looks_agree_on_whatever_stands(monkeypatch: pytest.MonkeyPatch, town: Town) -> None:
    """Every version and every actor, with grants open and ended, a Consent and an unlinked Patient."""
    with town.database.transaction(AMINA) as tx:
        for agency in (ELM, OAK):
            shared = [town.here.reference, town.person.reference]
            grants.grant(tx, agency.organisation or "", REFERRAL, shared, "referral")
        grants.close(tx, REFERRAL, OAK.organisation or "")
    town.deny(town.person, {"reference": f"Organization/{ELM.organisation}"})
    actors = (ST_ANNES, NORTHSIDE, DENIED, ELM, ELM_DENIED, OAK, AMINA, GATEWAY)
    versions = [town.person, town.at_st_annes, town.at_northside, town.own, town.theirs, town.here]
    versions.append(town.somebody_else)
    first = {(a, v.reference): sees(town.database, a, v) for a in actors for v in versions}

    _blind(monkeypatch)

    assert first == {(a, v.reference): _second(town.database, a, v) for a in actors for v in versions}
    assert {seen for (actor, _), seen in first.items() if actor is ST_ANNES} == {True}
    assert {seen for (actor, _), seen in first.items() if actor is OAK} == {False}


def _second(database: Database, actor: Actor, version: Version) -> bool:
    try:
        return sees(database, actor, version)
    except AccessBreach:
        return False


def test_what_ends_while_somebody_reads_is_no_breach(town: Town) -> None:
    with town.database.transaction(AMINA) as tx:
        grants.grant(tx, ELM.organisation or "", REFERRAL, [town.here.reference], "referral")
    with town.database.transaction(ELM) as tx:
        held = resources.read(tx, "Goal", town.here.id)
        with town.database.transaction(AMINA) as other:
            grants.close(other, REFERRAL, ELM.organisation or "")
        town.deny(town.person, {"reference": f"Organization/{ELM.organisation}"})

        assert resources.find(tx, "Goal", town.here.id) is None
        assert second_look.released(tx, [held]) == (held,)


def test_a_version_is_for_the_actor_that_it_was_selected_for(town: Town) -> None:
    with town.database.transaction(ST_ANNES) as tx:
        held = resources.read(tx, "Goal", town.own.id)

    assert held.for_reader(ST_ANNES) is held
    for version, reader in ((held, NORTHSIDE), (held, GATEWAY), (replace(held, shown_to=None), ST_ANNES)):
        with pytest.raises(AccessBreach) as withheld:
            version.for_reader(reader)
        assert town.own.id not in withheld.value.message
