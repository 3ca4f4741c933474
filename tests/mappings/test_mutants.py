"""The laws kill engines that lie: on the maps that ship, and with no more cases than each is tried with."""

from __future__ import annotations

from collections import Counter

import pytest
from marshmallow import Schema

from gateway.errors import MappingError
from gateway.mapping import Lens, laws
from gateway.mapping.laws.broken import Law
from tests.mappings.mutants import MUTANTS
from tests.mappings.mutants.seeding import Mutant


def killed(lens: Lens, schema: Schema, cases: int) -> tuple[Law, int]:
    """The law that notices the fault first, and the number of the case."""
    with pytest.raises(MappingError) as caught:
        laws.check(lens, schema, cases=cases, shrink=False)
    told = str(caught.value)
    return Law(told.split("breaks the law ")[1].split(":")[0]), int(told.rsplit("--only ")[1])


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.fault)
def test_the_laws_notice_that(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    sound, schema = mutant.subject()

    law, case = killed(mutant.seed(sound, monkeypatch), schema, mutant.cases)

    assert law in mutant.laws
    monkeypatch.undo()
    # Nothing but the fault is to blame: without it the case holds, as do all others (tests/property).
    laws.check(sound, schema, only=[case], shrink=False)


def test_no_fault_is_tried_twice() -> None:
    assert Counter(mutant.fault for mutant in MUTANTS).most_common(1)[0][1] == 1


def test_every_law_alone_notices_some_fault() -> None:
    alone = {next(iter(mutant.laws)) for mutant in MUTANTS if len(mutant.laws) == 1}

    assert alone == set(Law) - {Law.COMPILED}
