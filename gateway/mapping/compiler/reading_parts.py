"""Compiled reading of lists whose items live in resources of their own."""

from __future__ import annotations

from gateway.mapping.compiler.openings import Openings
from gateway.mapping.compiler.runtime import link_to
from gateway.mapping.compiler.script import Script
from gateway.mapping.compiler.value_reading import Sink
from gateway.mapping.rules import BackLinkedParts, LinkedParts


def read_linked(script: Script, rule: LinkedParts, name: str, raw: str, sink: Sink) -> None:
    """The parts that the links in the list `raw` name, each once; `name`: of the function that reads one."""
    at_hand, seen, values = (script.name(stem) for stem in ("at_hand", "seen", rule.ours[-1]))
    item, part, said, link = (script.name(stem) for stem in ("item", "part", "said", "link"))
    script.line(f"{at_hand}, {seen}, {values} = by_id(parts.get({rule.type!r}, ())), set(), []")
    with script.inside(f"for {item} in listed({raw}):"):
        script.line(f"{link} = None")
        with script.inside(f"if isinstance({item}, dict):"):
            inside = Openings(script, item)
            named = inside.value_at(rule.item)
            match = script.constant(link_to(rule.type), f"link to {rule.type}")
            script.line(f"{link} = {match}({named}) if isinstance({named}, str) else None")
            inside.close()
        script.line(f"{part} = {at_hand}.get({link}[1]) if {link} else None")
        with script.inside(f"if {part} is not None and {link}[1] not in {seen}:"):
            script.line(f"{seen}.add({link}[1])")
            _read_part(script, name, part, said, values)
    with script.inside(f"if {values}:"):
        sink(values)


def read_back_linked(script: Script, rule: BackLinkedParts, name: str, root: str, sink: Sink) -> None:
    """The parts that link back to the object `root`."""
    values, part, said = (script.name(stem) for stem in (rule.ours[-1], "part", "said"))
    linked = script.constant(rule, "linked")
    script.line(f"{values} = []")
    with script.inside(f"for {part} in parts.get({rule.type!r}, ()):"):
        script.line(f"if not is_one_of({linked}, {part}, {root}): continue")
        _read_part(script, name, part, said, values)
    with script.inside(f"if {values}:"):
        sink(values)


def _read_part(script: Script, name: str, part: str, said: str, values: str) -> None:
    script.line(f"{said} = read_{name}({part}, parts)")
    script.line(f"if {said}: {values}.append({said})")
