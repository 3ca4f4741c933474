"""Reading rule files: text to intermediate form, with every problem of every file reported at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from gateway.mapping.always import has_always
from gateway.mapping.block_reader import read_block
from gateway.mapping.checks import Atlas, check
from gateway.mapping.code_tables import read_table, says_more
from gateway.mapping.problems import Problem, Severity, did_you_mean, refuse
from gateway.mapping.rules import RuleFile
from gateway.mapping.scope import Scope
from gateway.mapping.tests_reader import of_file
from gateway.mapping.yaml_lines import Node, read_file, read_text
from gateway.records import RecordKind

_HEADER: Final = ("mapping", "record", "codes")
_BLOCK: Final = ("fields", "choices", "switch", "cases", "fixed", "always", "narrative", "ignore", "tests")


@dataclass(frozen=True, slots=True)
class Loaded:
    """Rule files: the syntax trees, which overlays are merged into, and what was read from them, by name.

    atlas      what they were held to, and will be again with overlays; None: to the language alone
    warnings   what is odd about them, and does not keep them from working
    """

    trees: Mapping[str, Node]
    files: Mapping[str, RuleFile]
    atlas: Atlas | None = None
    warnings: tuple[Problem, ...] = ()


def load_folder(folder: Path, kinds: Mapping[str, RecordKind], atlas: Atlas | None = None) -> Loaded:
    """The rule files of a folder by name, held to R4 and to the records.

    Raises MappingError with all problems, one a line.
    """
    problems: list[Problem] = []
    found = sorted(folder.glob("*.yaml"))
    trees = {path.stem: read_file(path, problems) for path in found}
    for kind in kinds.values():
        if kind.mapping not in trees:
            text = f"the record {kind.name!r} has no rule file: {kind.mapping}.yaml is missing"
            problems.append(Problem(f"{folder.name}/{kind.mapping}.yaml", 1, "M000", "", text))
    return _loaded(trees, kinds, problems, atlas)


def load_texts(
    texts: Mapping[str, str], kinds: Mapping[str, RecordKind], atlas: Atlas | None = None
) -> Loaded:
    """The same from texts by name; the records that no text maps are not missed."""
    problems: list[Problem] = []
    trees = {name: read_text(text, f"{name}.yaml", problems) for name, text in texts.items()}
    return _loaded(trees, kinds, problems, atlas)


def _loaded(
    trees: Mapping[str, Node],
    kinds: Mapping[str, RecordKind],
    problems: list[Problem],
    atlas: Atlas | None,
) -> Loaded:
    files = read_trees(trees, kinds, problems, atlas=atlas)
    refuse(problems)
    return Loaded(trees, files, atlas, tuple(sorted(problems)))


def read_trees(
    trees: Mapping[str, Node],
    kinds: Mapping[str, RecordKind],
    problems: list[Problem],
    known: Mapping[str, RuleFile] | None = None,
    *,
    atlas: Atlas | None = None,
) -> dict[str, RuleFile]:
    """The rule files of these trees, without those that cannot be used; why is among the problems.

    known   files that need not be read again, by name
    atlas   what they are held to besides the language
    """
    files = _Files(trees, kinds, problems, {**(known or {})})
    for name in trees:
        files.read(name)
    usable = {name: rules for name, rules in files.done.items() if rules is not None}
    if atlas is not None:
        new = [rules for name, rules in usable.items() if name not in (known or {})]
        problems += _checked(new, kinds, problems, atlas)
    return usable


def _checked(
    files: Iterable[RuleFile], kinds: Mapping[str, RecordKind], problems: list[Problem], atlas: Atlas
) -> list[Problem]:
    """What the checks say of rule files. Where rules could not be read, none is missed."""
    errors = {problem.file for problem in problems if problem.severity is Severity.ERROR}
    whole = {rules.file for rules in files} - errors if errors <= {rules.file for rules in files} else set()
    return [
        problem
        for rules in files
        for problem in check(rules, kinds[rules.record].schema(), atlas, whole=rules.file in whole)
    ]


@dataclass(slots=True)
class _Files:
    """The files of one load: each is read once, those that others split into before those that do."""

    trees: Mapping[str, Node]
    kinds: Mapping[str, RecordKind]
    problems: list[Problem]
    done: dict[str, RuleFile | None] = field(default_factory=dict)
    under_way: list[str] = field(default_factory=list)

    def read(self, name: str) -> RuleFile | None:
        """The rules of a file, or None when it cannot be used; why is among the problems."""
        if name not in self.done and self._is_no_yaml(name):
            self.done[name] = None
        if name not in self.done:
            self.under_way.append(name)
            self.done[name] = self._read(name, self.trees[name])
            self.under_way.pop()
        return self.done[name]

    def _is_no_yaml(self, name: str) -> bool:
        """Whether nothing of the file could be read: that was reported, and what would follow is noise."""
        tree = self.trees[name]
        return tree.value == {} and any(problem.file == tree.file for problem in self.problems)

    def _map_of(self, record: str, node: Node, rule: str) -> RuleFile | None:
        name = self.kinds[record].mapping
        if name in self.under_way:
            circle = " -> ".join([*self.under_way, name])
            self.problems.append(
                Problem(node.file, node.line, "M172", rule, f"maps split into each other: {circle}")
            )
            return None
        if name not in self.trees:
            self.problems.append(Problem(node.file, node.line, "M170", rule, f"{name}.yaml is missing"))
            return None
        return self.read(name)

    def _read(self, name: str, root: Node) -> RuleFile | None:
        entries = root.value if isinstance(root.value, dict) else {}
        scope = Scope(name, None, self.kinds, {}, self._map_of, self.problems)
        kind = self._kind(name, entries, root, scope)
        if kind is None:
            return None
        scope.only_keys(root, (*_HEADER, kind.root, "tests"))
        if kind.root not in entries:
            text = f"the record {kind.name!r} is rooted in {kind.root}: a block {kind.root!r} is missing"
            scope.wrong(root, "M004", text)
            return None
        block = entries[kind.root]
        scope = replace(scope, schema=kind.schema(), tables=_tables(entries.get("codes"), scope))
        scope.only_keys(block, _BLOCK)
        read = read_block(block, scope, type_name=kind.root)
        read = replace(read, origin=scope.origin(block, root.key_lines[kind.root]))
        cases = of_file(root, block, scope)
        rules = RuleFile(name, kind.name, root.file, read, writes_always=has_always(read), tests=cases)
        for unused in scope.tables.keys() - scope.used:
            if not says_more(scope.tables[unused]):
                read_table(scope.tables[unused], scope.inside(f"codes.{unused}"))
        return rules

    def _kind(self, name: str, entries: Mapping[str, Node], root: Node, scope: Scope) -> RecordKind | None:
        for key, expected in (("mapping", [name]), ("record", list(self.kinds))):
            if key not in entries:
                scope.wrong(root, "M004", f"the file must say {key!r}")
                return None
            if entries[key].value not in expected:
                near = did_you_mean(str(entries[key].value), expected) or f"; expected {expected[0]!r}"
                near = near if len(expected) > 1 else f"; the file is {name}.yaml"
                scope.wrong(entries[key], "M004", f"{key}: {entries[key].value!r} is not known here{near}")
                return None
        kind = self.kinds[str(entries["record"].value)]
        if kind.mapping != name:
            scope.wrong(
                entries["record"], "M004", f"the record {kind.name!r} is mapped by {kind.mapping}.yaml"
            )
            return None
        return kind


def _tables(node: Node | None, scope: Scope) -> dict[str, Node]:
    """The code tables of a file, as they stand: what a table says depends on the rule that uses it."""
    if node is None:
        return {}
    if not isinstance(node.value, dict):
        scope.inside("codes").wrong(node, "M002", "codes: {table: {ours: theirs}}")
        return {}
    return node.value
