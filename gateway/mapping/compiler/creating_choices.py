"""Compiled creating of a choice: the first form that has a place for all that the record says."""

from __future__ import annotations

from collections.abc import Callable

from gateway.mapping.compiler.making import NotCompiled
from gateway.mapping.compiler.openings import Openings
from gateway.mapping.compiler.script import Script
from gateway.mapping.compiler.value_writing import can_say
from gateway.mapping.paths import Name
from gateway.mapping.rules import Alternative, Choice, Field, Ours, Values


def write_choice(
    script: Script,
    rule: Choice,
    field: Callable[[Field, str], None],
    values: Callable[[Values, str], None],
) -> None:
    """Write the fields of a choice; `field` and `values` write one of them from the value of a name."""
    written = rule.written
    _refuse_fields_read_elsewhere(rule)
    said = {ours: script.name(ours[-1]) for ours in written}
    tops = dict.fromkeys(ours[0] for ours in written)
    with script.inside(f"if {' or '.join(f'{top!r} in view' for top in tops)}:"):
        script.line(f"{' = '.join(said.values())} = None")
        at = Openings(script, "view")
        for ours, name in said.items():
            script.line(f"{name} = {at.value_at(tuple(Name(part) for part in ours))}")
        at.close()
        script.line(f"if {' is None and '.join(said.values())} is None: pass")
        for way in rule.alternatives:
            with script.inside(f"elif {_is_for(script, way, said)}:"):
                for each in way.rules:
                    if each.read_only or each.ours not in said:
                        continue
                    with script.inside(f"if {said[each.ours]} is not None:"):
                        if isinstance(each, Values):
                            values(each, said[each.ours])
                        else:
                            field(each, said[each.ours])
                script.line("pass")
        script.line("else: raise Unsure")


def _refuse_fields_read_elsewhere(rule: Choice) -> None:
    for way in rule.alternatives:
        if any(each.read_only and each.ours in rule.written for each in way.rules):
            raise NotCompiled


def _is_for(script: Script, way: Alternative, said: dict[Ours, str]) -> str:
    """Whether this form has a place for every value, and can express each."""
    own = {each.ours: each for each in way.rules}
    tests = [f"{name} is None" for ours, name in said.items() if ours not in own]
    for ours, name in said.items():
        each = own.get(ours)
        if isinstance(each, Field):
            tests.append(f"({name} is None or {can_say(script, each.codec, name)})")
        elif each is not None:
            tests.append(f"({name} is None or isinstance({name}, list))")
    return " and ".join(tests)
