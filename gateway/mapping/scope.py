"""Where a rule stands while its file is read: what it may name, and where to say what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from marshmallow import Schema

from gateway.fhir.resource_types import R4_TYPES
from gateway.fhir.systems import CODE_SYSTEMS
from gateway.mapping.paths import BadPath, Steps, parse_path
from gateway.mapping.problems import Problem, did_you_mean
from gateway.mapping.ref_targets import PROMISED
from gateway.mapping.rules import Origin, Ours, RuleFile
from gateway.mapping.terminology import ConceptMaps, shipped
from gateway.mapping.yaml_lines import Node
from gateway.records import RecordKind


@dataclass(frozen=True, slots=True)
class Scope:
    """The surroundings of a rule.

    rule          dotted name of the rule so far, for messages: `goal.targets`
    schema        of the record object that the block shows; None when the field above is unknown (reported
                  there)
    base, prefix  what `fields` of a single object puts before the paths and the names inside it
    in_extension  the block stands for an extension, so `ext(x)` is one inside it
    used          the names of the file's code tables that a rule has used
    """

    rule: str
    schema: Schema | None
    kinds: Mapping[str, RecordKind]
    tables: Mapping[str, Node]
    map_of: Callable[[str, Node, str], RuleFile | None]
    problems: list[Problem]
    base: Steps = ()
    prefix: Ours = ()
    in_extension: bool = False
    used: set[str] = field(default_factory=set)
    concept_maps: ConceptMaps = field(default_factory=shipped)

    def inside(self, name: str, **changes: Any) -> Scope:
        """The scope of a rule inside this one."""
        return replace(self, rule=f"{self.rule}.{name}", **changes)

    def origin(self, node: Node, line: int | None = None) -> Origin:
        """The place of the rule that a node holds, in the node's own file; `line` where its key stands."""
        return Origin(self.rule, node.file, line or node.line)

    def wrong(self, node: Node, code: str, text: str, *, line: int | None = None) -> None:
        """Report a problem at a node, in the node's own file."""
        self.problems.append(Problem(node.file, line or node.line, code, self.rule, text))

    def only_keys(self, node: Node, known: Iterable[str]) -> dict[str, Node]:
        """The entries of a mapping node; those with unknown keys are reported and left out."""
        if not isinstance(node.value, dict):
            self.wrong(node, "M002", "a mapping (key: value) belongs here")
            return {}
        names = list(known)
        for key in node.value:
            if key not in names:
                text = f"unknown key {key!r}{did_you_mean(key, names)}"
                self.wrong(node.value[key], "M001", text, line=node.key_lines[key])
        return {key: child for key, child in node.value.items() if key in names}

    def text(self, node: Node) -> str:
        """The text of a scalar node; anything else is reported and reads as nothing."""
        if isinstance(node.value, str) and node.value:
            return node.value
        if isinstance(node.value, int) and not isinstance(node.value, bool):
            return str(node.value)
        self.wrong(node, "M002", "a text belongs here")
        return ""

    def texts(self, node: Node) -> list[str]:
        """One text or a list of texts."""
        if isinstance(node.value, list):
            return [text for child in node.value if (text := self.text(child))]
        text = self.text(node)
        return [text] if text else []

    def path(self, node: Node) -> Steps | None:
        """The steps of a path on the FHIR side, below this scope's base; None when it is no path."""
        text = self.text(node)
        if not text:
            return None
        try:
            return self.base + parse_path(text, in_extension=self.in_extension and not self.base)
        except BadPath as problem:
            self.wrong(node, "M100", str(problem))
            return None

    def code_system(self, name: str) -> str:
        """The address of our own code system of this name."""
        return CODE_SYSTEMS + name

    def type_of(self, target: str, node: Node) -> str | None:
        """The FHIR type that a record name or type name stands for."""
        if target in self.kinds:
            return self.kinds[target].root
        if target in PROMISED:
            return PROMISED[target]
        if target in R4_TYPES:
            return target
        near = did_you_mean(target, [*self.kinds, *PROMISED, *R4_TYPES])
        self.wrong(node, "M170", f"{target!r} is neither a record nor a FHIR R4 type{near}")
        return None
