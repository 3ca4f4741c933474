"""YAML is read strictly and every value knows its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.mapping.problems import Problem
from gateway.mapping.yaml_lines import read_file, read_text


def problems_of(text: str) -> list[Problem]:
    problems: list[Problem] = []
    read_text(text, "x.yaml", problems)
    return problems


def test_scalars_are_text_except_true_false_and_whole_numbers() -> None:
    text = "a: no\nb: 1.10\nc: 2026-11-22\nd: true\ne: 12\nf: '12'\ng: 012\nh: ~\ni:\nj: on\n"

    plain = read_text(text, "x.yaml", []).plain

    assert plain == {
        "a": "no",
        "b": "1.10",
        "c": "2026-11-22",
        "d": True,
        "e": 12,
        "f": "12",
        "g": "012",
        "h": None,
        "i": None,
        "j": "on",
    }


def test_every_value_and_key_knows_its_line() -> None:
    root = read_text("a: 1\nb:\n  - x\n  - y: z\n", "x.yaml", [])

    assert root.key_lines == {"a": 1, "b": 2}
    assert root.at("b", 1, "y").place == "x.yaml:4"
    assert root.at("b", 7).line == 3


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "Y007"),
        ("a: &x 1\nb: *x\n", 1, "Y003"),
        ("a:\n  <<: {b: 1}\n", 2, "Y006"),
        ("a: !!python/object:os.system x\n", 1, "Y004"),
        ("a: !secret x\n", 1, "Y004"),
        ("a: [1, 2\n", 2, "Y002"),
        ("? [a]\n: 1\n", 1, "Y005"),
        ("a: \x07\n", 1, "Y002"),
    ],
)
def test_what_yaml_allows_and_a_rule_file_does_not_is_refused_with_its_line(
    text: str, line: int, code: str
) -> None:
    first = problems_of(text)[0]

    assert (first.line, first.code) == (line, code)


def test_nested_aliases_are_refused_before_they_can_grow() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{n}: &{n} [*{p}, *{p}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True)
    )

    assert {problem.code for problem in problems_of(bomb)} == {"Y003"}


def test_a_file_that_is_not_utf_8_is_named_by_folder_and_file(tmp_path: Path) -> None:
    path = tmp_path / "mappings" / "x.yaml"
    path.parent.mkdir()
    path.write_bytes(b"a: \xff\n")
    problems: list[Problem] = []

    assert read_file(path, problems).plain == {}
    assert str(problems[0]).startswith("mappings/x.yaml:1: error   Y001: not UTF-8 at byte 3")
