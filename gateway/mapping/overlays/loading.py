"""Loading maps with overlays in them: merged, read and checked again; problems name both lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gateway.mapping.loader import Loaded, read_trees
from gateway.mapping.overlays.merging import merged
from gateway.mapping.problems import Problem, refuse
from gateway.mapping.rules import RuleFile
from gateway.mapping.yaml_lines import Node
from gateway.records import RecordKind


def load_overlaid(base: Loaded, overlays: Sequence[Node], kinds: Mapping[str, RecordKind]) -> Loaded:
    """The rule files with these overlays merged into them in order; those that none touches are the same.

    Raises MappingError with every problem that the overlays bring, one a line.
    """
    problems: list[Problem] = []
    outcome = merged(base.trees, overlays, kinds, problems)
    touched = outcome.changed | _holders(outcome.changed, outcome.trees, kinds)
    untouched = {name: rules for name, rules in base.files.items() if name not in touched}
    files = read_trees(outcome.trees, kinds, problems, untouched, atlas=base.atlas)
    problems = outcome.citations.cited(problems)
    refuse(problems)
    names = tuple(str(overlay.at("overlay").value) for overlay in overlays)
    return Loaded(
        outcome.trees,
        {
            name: _named(rules, base.files[name], names, outcome.cannot_hold.get(name, {}))
            if name in touched
            else rules
            for name, rules in files.items()
        },
        base.atlas,
        tuple(sorted(problems)),
    )


def _named(rules: RuleFile, before: RuleFile, names: tuple[str, ...], losses: Mapping[str, str]) -> RuleFile:
    return replace(
        rules,
        overlays=(*before.overlays, *names),
        cannot_hold={**before.cannot_hold, **losses},
    )


def _holders(changed: set[str], trees: Mapping[str, Node], kinds: Mapping[str, RecordKind]) -> set[str]:
    """The maps that split into one of these: they hold a copy of its rules."""
    records = {kind.name for kind in kinds.values() if kind.mapping in changed}
    found = {name for name, tree in trees.items() if name not in changed and _splits_into(tree, records)}
    return found | _holders(changed | found, trees, kinds) if found else found


def _splits_into(node: Node, records: set[str]) -> bool:
    if isinstance(node.value, dict):
        split = node.value.get("split")
        named = split is not None and split.value in records
        return named or any(_splits_into(child, records) for child in node.value.values())
    return isinstance(node.value, list) and any(_splits_into(child, records) for child in node.value)
