"""YAML read strictly, every value with the line it stands on: for rule files and for settings.

Only the node tree of PyYAML is used, never its constructors, so there is no guessing: every scalar is text
except `true`, `false` and whole numbers (`no` is "no", 1.10 is "1.10", 2026-11-22 is "2026-11-22").
Duplicate keys, anchors and aliases, merge keys and tags are refused, each with its line. A key with nothing
after it is None.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

from gateway.mapping.problems import Problem, shown

Scalar: TypeAlias = str | int | bool | None

_WHOLE_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})\Z")
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
        text = path.read_text(encoding="utf-8")
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
    try:
        _refuse_anchors(text, file, problems)
        if len(problems) == found:
            root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problems.append(Problem(file, line, "Y002", "", f"not YAML: {error.problem or error.context}"))
    except yaml.YAMLError:
        problems.append(
            Problem(file, 1, "Y002", "", "not YAML: it holds characters that YAML does not allow")
        )
    if root is None:
        return Node({}, file, 1, {})
    return _node(root, file, problems)


def _refuse_anchors(text: str, file: str, problems: list[Problem]) -> None:
    # Before composing: a file of nested aliases must not get the chance to grow.
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
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
