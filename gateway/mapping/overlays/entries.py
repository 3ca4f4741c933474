"""Entries of a syntax tree's mappings, put in and taken out: every node stays in the place it came from."""

from __future__ import annotations

from dataclasses import replace

from gateway.mapping.yaml_lines import Node


def with_entry(node: Node, key: str, child: Node) -> Node:
    """The mapping with this entry; the key stands where the child's does unless it was there before."""
    assert isinstance(node.value, dict), "only mappings are merged into"
    lines = node.key_lines if key in node.value else {**node.key_lines, key: child.line}
    return replace(node, value={**node.value, key: child}, key_lines=lines)


def without_entry(node: Node, key: str) -> Node:
    """The mapping without this entry."""
    assert isinstance(node.value, dict), "only mappings are merged into"
    return replace(node, value={name: child for name, child in node.value.items() if name != key})


def with_entry_on(node: Node, key: str, child: Node, line: int) -> Node:
    """The mapping with this entry, whose key stands on this line of the child's file."""
    assert isinstance(node.value, dict), "only mappings are merged into"
    return replace(node, value={**node.value, key: child}, key_lines={**node.key_lines, key: line})


def keys_in(node: Node) -> list[str]:
    """The keys of a mapping; none for anything else."""
    return [*node.value] if isinstance(node.value, dict) else []
