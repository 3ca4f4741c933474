"""Merging overlays into rule files: syntax trees in, syntax trees out, the overlays in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.mapping.overlays.block_merging import BlockMerger
from gateway.mapping.overlays.citations import Citations
from gateway.mapping.overlays.entries import with_entry
from gateway.mapping.problems import Problem, did_you_mean
from gateway.mapping.yaml_lines import Node
from gateway.records import RecordKind

_HEADER: Final = ("overlay", "codes")


@dataclass(slots=True)
class Merged:
    """Rule files with overlays in them.

    trees        every rule file, also those that no overlay changes
    changed      the names of those that one does
    cannot_hold  for each file the record fields (dotted) that the partner cannot hold, each with the reason
    citations    which line changes which, for messages
    """

    trees: dict[str, Node]
    changed: set[str] = field(default_factory=set)
    cannot_hold: dict[str, dict[str, str]] = field(default_factory=dict)
    citations: Citations = field(default_factory=Citations)


def merged(
    trees: Mapping[str, Node],
    overlays: Sequence[Node],
    kinds: Mapping[str, RecordKind],
    problems: list[Problem],
) -> Merged:
    """The rule files with these overlays merged into them in order; a later one wins over an earlier one."""
    outcome = Merged(dict(trees))
    for overlay in overlays:
        _merge_overlay(overlay, outcome, kinds, problems)
    return outcome


def _merge_overlay(
    overlay: Node, outcome: Merged, kinds: Mapping[str, RecordKind], problems: list[Problem]
) -> None:
    name = str(overlay.at("overlay").value)
    entries = overlay.value if isinstance(overlay.value, dict) else {}
    roots = {kind.root: kind for kind in kinds.values() if kind.mapping in outcome.trees}
    for key, block in entries.items():
        line = overlay.key_lines[key]
        if key in _HEADER:
            continue
        if key not in roots:
            near = did_you_mean(key, [*roots, *_HEADER]) or f"; there are: {', '.join(roots)}"
            problems.append(
                Problem(overlay.file, line, "M171", name, f"no map has the root block {key!r}{near}")
            )
            continue
        kind = roots[key]
        tree = outcome.trees[kind.mapping]
        losses = outcome.cannot_hold.setdefault(kind.mapping, {})
        merger = BlockMerger(
            f"{name}.{key}", kind.schema(), problems, outcome.citations, losses, overlay.file
        )
        outcome.trees[kind.mapping] = with_entry(tree, key, merger.block(tree.at(key), block))
        outcome.citations.also(tree.at(key), tree.key_lines.get(key, tree.line))
        outcome.changed.add(kind.mapping)
    if "codes" in entries:
        _merge_tables(entries["codes"], name, outcome, problems)


def _merge_tables(codes: Node, name: str, outcome: Merged, problems: list[Problem]) -> None:
    if not isinstance(codes.value, dict):
        problems.append(Problem(codes.file, codes.line, "M002", name, "codes: {table: {ours: theirs}}"))
        return
    held = {key: _tables(tree) for key, tree in outcome.trees.items()}
    for table, child in codes.value.items():
        homes = [key for key, tables in held.items() if table in tables]
        if not homes:
            near = did_you_mean(table, [known for tables in held.values() for known in tables])
            text = f"no map has a code table {table!r} under 'codes'{near}"
            problems.append(Problem(codes.file, codes.key_lines[table], "M171", f"{name}.codes", text))
        for key in homes:
            tree = outcome.trees[key]
            merger = BlockMerger(f"{name}.codes.{table}", None, problems, outcome.citations, {}, codes.file)
            changed = merger.table(held[key][table], child, codes.key_lines[table])
            outcome.trees[key] = with_entry(tree, "codes", with_entry(tree.at("codes"), table, changed))
            outcome.changed.add(key)


def _tables(tree: Node) -> dict[str, Node]:
    codes = tree.value.get("codes") if isinstance(tree.value, dict) else None
    return codes.value if codes is not None and isinstance(codes.value, dict) else {}
