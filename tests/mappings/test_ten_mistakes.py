"""The ten mistakes that analysts make most: each is one line with file, line, reason and fix.

README.md shows what they are told; the lines there are compared with what is really said.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import MappingError
from gateway.mapping import Mappings

README = Path(__file__).parents[2] / "README.md"

RULES = """\
mapping: care-plan
record: care_plan
codes:
  stage: {draft: draft, active: active, on-hold: on-hold, completed: completed, unknown: unknown,
          entered-in-error: entered-in-error, revoked: revoked}
CarePlan:
  fixed: {intent: plan}
  fields:
    id: id
    person: {to: subject.reference, ref: person}
    title: title
    description: description
    status: {to: status, codes: stage}
    version: {to: meta.versionId, back: none, because: the store numbers versions}
    starts_on: {to: period.start, as: date}
    categories: {to: "category[]", as: concept}
"""

OVERLAY = """\
overlay: north
CarePlan:
  fields:
    title: title
"""

# The mistake, and how it gets into the rules (what was written before, what is written now).
MISTAKES = [
    ("a misspelt element", "title: title", "title: titel"),
    ("a list without a selector", "description: description", "description: note.text"),
    ("the wrong type", 'categories: {to: "category[]", as: concept}', 'categories: {to: "category[]"}'),
    ("a required element unmapped", "  fixed: {intent: plan}\n", ""),
    ("an ambiguous code", "revoked: revoked", "revoked: [revoked, active]"),
    ("a code outside the value set", "on-hold: on-hold", "on-hold: paused"),
    ("an element mapped twice", "description: description", "description: title"),
    ("no way back", ", because: the store numbers versions", ""),
    ("an unknown field of the record", "starts_on:", "started_on:"),
]
OVERLAY_MISTAKE = ("an overlay that names no rule", "title: title", "titel: ~")


def said(rules: str, overlay: str = OVERLAY) -> list[str]:
    """The lines with which a gateway with these rules would refuse to start."""
    with pytest.raises(MappingError) as caught:
        Mappings.from_texts({"care-plan": rules}, overlays={"north": overlay}, checked=True).with_overlays(
            ["north"]
        )
    return str(caught.value).splitlines()


def told() -> dict[str, str]:
    """What the gateway says to each mistake."""
    name, before, after = OVERLAY_MISTAKE
    lines = {name: said(RULES, OVERLAY.replace(before, after))}
    for name, before, after in MISTAKES:
        assert before in RULES
        lines[name] = said(RULES.replace(before, after))
    for name, found in lines.items():
        assert len(found) == 1, f"{name}: {found}"
    return {name: found[0] for name, found in lines.items()}


def test_without_a_mistake_nothing_is_said() -> None:
    maps = Mappings.from_texts({"care-plan": RULES}, overlays={"north": OVERLAY}, checked=True)

    assert maps.warnings == ()
    assert maps.with_overlays(["north"]).warnings == ()


@pytest.mark.parametrize(("name", "before", "after"), MISTAKES, ids=[name for name, *_ in MISTAKES])
def test_each_mistake_is_one_line_that_points_at_it(name: str, before: str, after: str) -> None:
    (line,) = said(RULES.replace(before, after))
    place, _, _ = line.partition(": error ")
    at = RULES[: RULES.index(before)].count("\n") + 1

    is_gone = before.endswith("\n")  # what is missing is missed where its block begins
    assert place == f"care-plan.yaml:{at - 1 if is_gone else at}"


def test_the_readme_shows_what_is_really_said() -> None:
    readme = README.read_text(encoding="utf-8")

    for name, line in told().items():
        assert line in readme, f"README.md does not show, for {name}:\n{line}"
