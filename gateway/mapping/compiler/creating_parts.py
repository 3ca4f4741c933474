"""Compiled creating of lists whose items live in resources of their own."""

from __future__ import annotations

from collections.abc import Callable

from gateway.mapping.compiler.making import NotCompiled, written_paths
from gateway.mapping.compiler.script import Script
from gateway.mapping.paths import Name
from gateway.mapping.rules import BackLinkedParts, Block, FhirList, LinkedParts


def make_linked(
    script: Script, rule: LinkedParts, name: str, value: str, extend: Callable[[FhirList, str], None]
) -> None:
    """A resource, made by the function `name`, for each item of the list `value`, and a link to it."""
    items, each, part = (script.name(stem) for stem in ("items", "each", "part"))
    if rule.list.pattern or not rule.item:
        raise NotCompiled
    link = f"{rule.type + '/'!r} + {each}['id']"
    for step in reversed(rule.item):
        if not isinstance(step, Name):
            raise NotCompiled
        link = f"{{{step.name!r}: {link}}}"
    with script.inside(f"if isinstance({value}, list):"):
        script.line(f"{items} = []")
        with script.inside(f"for {each} in made.named({value}):"):
            _make(script, rule, name, part, each)
            script.line(f"made.add({rule.type!r}, {part})")
            script.line(f"{items}.append({link})")
        extend(rule.list, items)
    script.line(f"else: nothing_in({value})")


def make_back_linked(script: Script, rule: BackLinkedParts, name: str, value: str) -> None:
    """A resource for each item of the list `value`, which links back to the object that is being made."""
    each, part, linked = script.name("each"), script.name("part"), script.constant(rule, "linked")
    with script.inside(f"if isinstance({value}, list) and {value}:"):
        script.line(f"if not node.get('id') and tidy({value}) is not None: node['id'] = made.new_id()")
        with script.inside(f"for {each} in made.named({value}):"):
            _make(script, rule, name, part, each)
            script.line(f"{part} = linked_to({linked}, {part}, node)")
            script.line(f"if made.has({rule.type!r}, {each}['id']): raise Unsure")
            script.line(f"made.add({rule.type!r}, {part})")
    script.line(f"else: nothing_in({value})")


def _make(script: Script, rule: LinkedParts | BackLinkedParts, name: str, part: str, view: str) -> None:
    script.line(f"{part} = create_{name}({view}, after, made)")
    if rule.block.narrative is not None or _writes(rule.block, "text"):
        block, base = script.constant(rule.block, "block"), {"resourceType": rule.type}
        script.line(f"{part} = narrated({block}, {base!r}, {part}, {view})")


def _writes(block: Block, name: str) -> bool:
    paths = [path for rule in block.rules for path in written_paths(rule)]
    return any(path[:1] == (Name(name),) for path in [*paths, *(fixed.steps for fixed in block.fixed)])
