"""Compiled creating of a choice: the first form that has a place for all that the record says."""

from __future__ import annotations

from collections.abc import Callable

from gateway.mapping.compiler.making import NotCompiled
from gateway.mapping.compiler.openings import Openings
from gateway.mapping.compiler.script import Script
from gateway.mapping.compiler.value_writing import can_say
from gateway.mapping.rules import Alternative, Choice, Field, Ours, Values


def write_choice(
    script: Script, rule: Choice, write_rule: Callable[[Field | Values, Openings], None]
) -> None:
    """Write the fields of a choice in the form that fits them; `write_rule` writes one of its rules.

    A form that others can stand in for is taken only if it can express the values; when the last one cannot,
    its rules raise Unsure themselves.
    """
    _refuse_fields_read_elsewhere(rule)
    tops = {top: script.name(top) for top in dict.fromkeys(ours[0] for ours in rule.written)}
    with script.inside(f"if {' or '.join(f'{top!r} in view' for top in tops)}:"):
        for top, name in tops.items():
            script.line(f"{name} = view.get({top!r})")
            unclear = f"{name}.__class__ is not str and {name} is not None and tidy({name}) is not {name}"
            script.line(f"if {unclear}: raise Unsure")
        script.line(f"if {' is None and '.join(tops.values())} is None: pass")
        for number, way in enumerate(rule.alternatives):
            later = {each.ours for other in rule.alternatives[number + 1 :] for each in other.rules}
            tests = _tests(script, rule, way, later, tops)
            with script.inside(f"elif {' and '.join(tests)}:" if tests else "else:"):
                before = len(script.lines)
                at = Openings(script, "view")
                for each in way.rules:
                    write_rule(each, at)
                at.close()
                if len(script.lines) == before:
                    script.line("pass")
            if not tests:
                return  # it takes whatever is left
        script.line("else: raise Unsure")


def _refuse_fields_read_elsewhere(rule: Choice) -> None:
    for way in rule.alternatives:
        if any(each.read_only and each.ours in rule.written for each in way.rules):
            raise NotCompiled


def _tests(
    script: Script, rule: Choice, way: Alternative, later: set[Ours], tops: dict[str, str]
) -> list[str]:
    """What is asked before this form is taken: nothing stands outside it, and what others could say fits."""
    own = {each.ours for each in way.rules}
    tests = []
    for top, name in tops.items():
        fields = [ours for ours in rule.written if ours[0] == top]
        outside = [ours for ours in fields if ours not in own]
        if len(outside) == len(fields):
            tests.append(f"{name} is None")
        else:
            tests.extend(f"dig(view, {ours!r}) is None" for ours in outside)
    for each in way.rules:
        if isinstance(each, Field) and not each.read_only and each.ours in later:
            plain = len(each.ours) == 1
            value = tops[each.ours[0]] if plain else script.name(each.ours[-1])
            said = value if plain else f"({value} := dig(view, {each.ours!r}))"
            fits = can_say(script, each.codec, value)
            tests.append(fits if plain and len(tops) == 1 else f"({said} is None or {fits})")
    return tests
