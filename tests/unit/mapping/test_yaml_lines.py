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
        ("a:\n\tb: 1\n", 2, "Y002"),
        ("a: 1\n---\nb: 2\n", 2, "Y002"),
        ("a: {b: 1, c: {d: 1, d: 2}}\n", 1, "Y007"),
        ("1: a\n'1': b\n", 2, "Y007"),
        ("a: !!str 1\n", 1, "Y004"),
        ("a: x\u2028b: y\n", 1, "Y010"),
        ("a: 1\nb: x\u202ey\n", 2, "Y010"),
        ("a: " + "[" * 5000 + "]" * 5000, 1, "Y009"),
        ("\n".join(" " * depth + "a:" for depth in range(300)), 51, "Y009"),
        ("a: " + "x" * 1_000_001, 1, "Y008"),
    ],
)
def test_what_yaml_allows_and_a_rule_file_does_not_is_refused_with_its_line(
    text: str, line: int, code: str
) -> None:
    first = problems_of(text)[0]

    assert (first.line, first.code) == (line, code)


def test_a_tab_and_a_second_document_are_named_in_plain_words() -> None:
    assert "is it a tab? indent with spaces" in problems_of("a:\n\tb: 1\n")[0].text
    assert "one file holds one document" in problems_of("a: 1\n---\nb: 2\n")[0].text


@pytest.mark.parametrize("text", ["", "# nothing\n", "\ufeff", "---\n", "...\n"])
def test_an_empty_file_is_an_empty_mapping(text: str) -> None:
    assert read_text(text, "x.yaml", []).plain in ({}, None)


def test_numbers_that_are_not_plainly_whole_stay_text() -> None:
    text = (
        "a: 010\nb: 0x1F\nc: 1_000\nd: -0\ne: +1\nf: 1e3\ng: 12345678901234567890\nh: True\ni: Null\nj: -7\n"
    )

    plain = read_text(text, "x.yaml", []).plain

    assert [*plain.values()] == [
        "010",
        "0x1F",
        "1_000",
        "-0",
        "+1",
        "1e3",
        "12345678901234567890",
        "True",
        "Null",
        -7,
    ]


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: {c: x}\r\n")
    problems: list[Problem] = []

    root = read_file(path, problems)

    assert (root.plain, root.key_lines, problems) == ({"a": 1, "b": {"c": "x"}}, {"a": 1, "b": 2}, [])


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
