"""The laws kill engines that lie. Each mutant is a fault that a mapper in the field has really had."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest

from gateway.errors import MappingError
from gateway.mapping import Lens, Put, laws, write_fields, write_lists, write_parts, writing
from gateway.mapping.alignment import Alignment, arrange
from gateway.mapping.codecs import Codes, Day, Moment
from gateway.mapping.laws.words import worded
from gateway.mapping.values import same
from tests.unit.mapping.small_maps import Plan, plan_lens

LENS = plan_lens(
    """
title: title
state: {to: status, codes: {on: active, off: [revoked, entered-in-error]}}
person: {to: subject.reference, ref: Patient}
starts_on: {to: period.start, as: date}
made_at: {to: created, as: utc}
number: identifier[system=urn:ours].value
lead: ext(lead).valueBoolean
dead: {choice: [deadBoolean, deadDateTime]}
kind: {to: code, as: concept}
kinds: {to: "category[]", as: concept-and-text}
needs: {to: "addresses[].reference", ref: Condition}
given: {to: "given[]"}
steps:
  to: activity[]
  key: id
  fields:
    id: id
    title: detail.title
    code: {to: detail.code, as: concept}
    helper: {to: who.reference, ref: Patient}
agreed: {to: "note[]", fields: {words: text, title: title}}
aims: {to: "goal[].reference", split: aim, copies: [person]}
offers:
  split: Task
  by: focus.reference
  fields: {id: id, state: status, ^person: {to: for.reference, ref: Patient}}
""",
    more="  fixed: {intent: plan, 'category[]': {coding: [{code: ours}]}}\n",
)


def broken(lens: Lens) -> str:
    """The law that a lens breaks, by name."""
    with pytest.raises(MappingError) as caught:
        laws.check(lens, Plan(), cases=400, shrink=False)
    return str(caught.value).split("breaks the law ")[1].split(":")[0]


def test_every_construct_of_the_language_holds_the_laws() -> None:
    laws.check(LENS, Plan(), cases=200)


def test_amounts_and_registered_pairs_hold_the_laws() -> None:
    lens = plan_lens(
        """
weight: {to: weight, as: quantity(kg)}
lasts: {to: visit.length, as: minutes}
rests: {to: minutesDuration, as: minutes}
number: {to: "identifier[system=urn:nhs].value", py: nhs-number}
given: {to: "note[].data", py: base64-text}
"""
    )

    laws.check(lens, Plan(), cases=150)


class Rebuild(Lens):
    """No complement: every put starts from nothing."""

    def put(self, record: Any, resources: Any, **_: Any) -> Put:
        return self.create(record)


class RebuildWhenChanged(Lens):
    """What most mappers do: untouched when nothing changed, else rebuilt. GetPut and PutGet never notice."""

    def put(self, record: Any, resources: Any, **_: Any) -> Put:
        return Put(dict(resources), ()) if same(self.get(resources).record, record) else self.create(record)


@pytest.mark.parametrize("mutant", [Rebuild, RebuildWhenChanged])
def test_an_engine_without_complement_is_caught(mutant: type[Lens]) -> None:
    assert broken(mutant(LENS.rules)) in {"GetPut", "PutGet", "Frame", "Residue"}


def by_position(old: Sequence[Any], new: Sequence[Any], **_: Any) -> Alignment:
    matches = [number if number < len(old) else None for number in range(len(new))]
    return Alignment(matches, {n for n, match in enumerate(matches) if match == n and same(old[n], new[n])})


def without_foreign(
    length: int, places: Sequence[int], matches: Sequence[int | None]
) -> list[tuple[bool, int]]:
    return [entry for entry in arrange(length, places, matches) if not entry[0]]


def keep_stale(node: Any, *_: Any) -> Any:
    return node


def written_always(node: Any, steps: Any, value: Any) -> Any:
    """Forgets to take the `_x` of a changed primitive away."""
    from gateway.mapping import elements

    old = (
        {name: child for name, child in node.items() if name.startswith("_")}
        if isinstance(node, dict)
        else {}
    )
    new = elements.replace(node, steps, value)
    return {**new, **old} if isinstance(new, dict) else new


@pytest.mark.parametrize(
    ("module", "name", "fault", "laws_broken"),
    [
        (write_lists, "align", by_position, {"Residue", "Frame"}),
        (write_fields, "align", by_position, {"Residue"}),
        (write_parts, "align", by_position, {"Residue", "PutGet"}),
        (write_lists, "arrange", without_foreign, {"Residue", "Frame", "GetPut"}),
        (write_fields, "arrange", without_foreign, {"Residue", "GetPut"}),
        (write_parts, "arrange", without_foreign, {"Residue", "GetPut", "Frame"}),
        (write_fields, "drop_stale", keep_stale, {"Stale"}),
        (write_fields, "replace", written_always, {"Stale"}),
        (write_fields, "same", lambda a, b: False, {"GetPut"}),
        (writing, "present_alternative", lambda *_: (None, {}), {"GetPut", "PutGet", "Frame"}),
    ],
)
def test_a_seeded_fault_of_the_engine_is_caught(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, fault: Callable[..., Any], laws_broken: set[str]
) -> None:
    monkeypatch.setattr(module, name, fault)

    assert broken(LENS.interpreted) in laws_broken


@pytest.mark.parametrize(
    ("codec", "method", "fault"),
    [
        (Moment, "read", lambda self, value: value if isinstance(value, str) else None),
        (Day, "write", lambda self, value, old: f"{value}T00:00:00Z"),
        (Codes, "write", lambda self, value, old: "active"),
    ],
)
def test_a_codec_whose_two_directions_disagree_is_caught(
    monkeypatch: pytest.MonkeyPatch, codec: Any, method: str, fault: Callable[..., Any]
) -> None:
    monkeypatch.setattr(codec, method, fault)
    if codec is Moment:
        monkeypatch.setattr(codec, "write", lambda self, value, old: str(value).replace("Z", "+00:00"))

    assert broken(LENS) in {"CreateGet", "PutGet"}


def test_a_broken_law_names_the_rule_its_line_and_the_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_fields, "drop_stale", keep_stale)

    with pytest.raises(MappingError) as caught:
        laws.check(LENS, Plan(), cases=400, shrink=False)

    first, *shown = str(caught.value).splitlines()
    assert first.startswith("plan.yaml:")
    assert "breaks the law Stale:" in first
    assert [line for line in shown if line.endswith(":") and line[:3].strip()] == [
        "  the record:",
        "  FHIR, - before and + after:",
    ]
    assert shown[-1].startswith("  this case alone: care-gateway map check plan --only ")


def test_numbers_are_told_with_all_their_digits() -> None:
    numbers = [Decimal("1.10"), Decimal("0.10000000000000000001"), Decimal("6.0E-7"), 3, "1.10"]

    assert worded({"at": numbers}) == '{"at": [1.10, 0.10000000000000000001, 6.0E-7, 3, "1.10"]}'
