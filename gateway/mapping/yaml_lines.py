"""YAML read strictly, every value with the line it stands on: for rule files and for settings.

Only the node tree of PyYAML is used, never its constructors, so there is no guessing: every scalar is text
except `true`, `false` and whole numbers (`no` is "no", 1.10 is "1.10", 2026-11-22 is "2026-11-22").
Duplicate keys, anchors and aliases, merge keys, tags, a second document, invisible characters that hide or
turn what follows, deep nesting and very large files are refused, each with its line. A key with nothing after
it is None.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

from gateway.mapping.problems import Problem, shown

Scalar: TypeAlias = str | int | bool | None

_WHOLE_NUMBER: Final = re.compile(r"(0|-?[1-9][0-9]{0,17})\Z")
_MOST_CHARACTERS: Final = 1_000_000
_DEEPEST: Final = 50
# Line breaks that editors do not show, and characters that make text read in another order than it stands.
# Source: https://trojansource.codes and https://www.unicode.org/reports/tr9/
_HIDING: Final = re.compile("[\u0085\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_IN_PLAIN_WORDS: Final = {
    "found character that cannot start any token": "nothing starts so; is it a tab? indent with spaces",
    "but found another document": "a second document begins here (---); one file holds one document",
}
_WORDS: Final[dict[str, bool]] = {"true": True, "false": False}
_Loader: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it stands. Mappings and lists hold Nodes; `key_lines` says where each key stands."""

    value: Scalar | dict[str, Node] | list[Node]
    file: str
    line: int
    key_lines: dict[str, int]

    @property
    def plain(self) -> Any:
        """The value without places: scalars, lists and dicts with text keys."""
        if isinstance(self.value, dict):
            return {key: child.plain for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain for child in self.value]
        return self.value

    @property
    def place(self) -> str:
        """`file:line`."""
        return f"{self.file}:{self.line}"

    def at(self, *keys: str | int) -> Node:
        """The deepest node that exists along the keys: where to point when something below is wrong or
        missing.
        """
        node = self
        for key in keys:
            if isinstance(node.value, dict) and key in node.value:
                node = node.value[str(key)]
            elif isinstance(node.value, list) and isinstance(key, int) and key < len(node.value):
                node = node.value[key]
            else:
                break
        return node


def read_file(path: Path, problems: list[Problem]) -> Node:
    """The tree of a file; what is wrong with it is added to `problems`; the tree is what could be read."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            text = file.read(_MOST_CHARACTERS + 1)
    except UnicodeDecodeError as error:
        problems.append(
            Problem(shown(path), 1, "Y001", "", f"not UTF-8 at byte {error.start}; save it as UTF-8")
        )
        text = ""
    return read_text(text, shown(path), problems)


def read_text(text: str, file: str, problems: list[Problem]) -> Node:
    """The tree of one YAML document. An empty document is an empty mapping."""
    found = len(problems)
    root = None
    if len(text) > _MOST_CHARACTERS:
        problems.append(
            Problem(file, 1, "Y008", "", f"more than {_MOST_CHARACTERS} characters; split the file")
        )
        return Node({}, file, 1, {})
    hiding = _HIDING.search(text)
    if hiding is not None:
        line = text.count("\n", 0, hiding.start()) + 1
        name = f"U+{ord(hiding[0]):04X}"
        problems.append(
            Problem(file, line, "Y010", "", f"the invisible character {name} hides text; delete it")
        )
        return Node({}, file, 1, {})
    try:
        _refuse_by_events(text, file, problems)
        if len(problems) == found:
            root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = str(error.problem or error.context)
        problems.append(Problem(file, line, "Y002", "", f"not YAML: {_IN_PLAIN_WORDS.get(problem, problem)}"))
    except yaml.YAMLError:
        problems.append(
            Problem(file, 1, "Y002", "", "not YAML: it holds characters that YAML does not allow")
        )
    if root is None:
        return Node({}, file, 1, {})
    return _node(root, file, problems)


def _refuse_by_events(text: str, file: str, problems: list[Problem]) -> None:
    # Before composing: a file of nested aliases or of ten thousand brackets must not get the chance to grow.
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            problems.append(Problem(file, line, "Y009", "", f"nested more than {_DEEPEST} deep; split it up"))
            return
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            problems.append(
                Problem(file, line, "Y003", "", "anchors and aliases are not allowed; write it out")
            )
        elif tag := getattr(event, "tag", None):
            problems.append(Problem(file, line, "Y004", "", f"the tag {tag!r} is not allowed"))


def _node(node: yaml.Node, file: str, problems: list[Problem]) -> Node:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, file, problems)
    if isinstance(node, yaml.SequenceNode):
        return Node([_node(child, file, problems) for child in node.value], file, line, {})
    return Node(_scalar(node), file, line, {})


def _mapping(node: yaml.MappingNode, file: str, problems: list[Problem]) -> Node:
    values: dict[str, Node] = {}
    lines: dict[str, int] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            problems.append(Problem(file, line, "Y005", "", "a key must be a single word or text"))
            continue
        key = str(key_node.value)
        if key == "<<" and not key_node.style:
            problems.append(Problem(file, line, "Y006", "", "merge keys (<<) are not allowed; write it out"))
        elif key in values:
            problems.append(
                Problem(file, line, "Y007", "", f"{key!r} is given twice; the first is on line {lines[key]}")
            )
        else:
            values[key], lines[key] = _node(value_node, file, problems), line
    return Node(values, file, node.start_mark.line + 1, lines)


def _scalar(node: yaml.Node) -> Scalar:
    text = str(node.value)
    if getattr(node, "style", None) in ("'", '"', "|", ">"):
        return text  # quoted or a block: always text
    if text in ("", "~", "null"):
        return None
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _WHOLE_NUMBER.match(text) else text
