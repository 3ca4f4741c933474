"""Stale: what described an old value and still stands beside the new one, though no rule maps it.

Written apart from the engine on purpose, as are the footprints.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from gateway.mapping.codec_choice import value_x
from gateway.mapping.codecs import CodingCodec, Concept, Minutes, QuantityIn, TranslatedConcept
from gateway.mapping.laws.walking import standing
from gateway.mapping.paths import Name, Select, Steps
from gateway.mapping.rules import Block, Choice, Field, Items, Rule, Values
from gateway.mapping.values import contains, same

# Source: https://hl7.org/fhir/R4/references.html, datatypes.html#Coding, #Quantity, #Attachment
_DESCRIBED_BY: Final = {
    "reference": ("display", "type", "identifier"),
    "code": ("display", "version", "userSelected", "unit"),
    "unit": ("code", "system"),
    "value": ("comparator",),
    "url": ("hash", "size"),
}


def describes(rule: Rule, block: Block, node: Any) -> bool:
    """Whether something stands beside the rule's value that a change of the value must take away."""
    return isinstance(rule, Field) and bool(_beside(rule, block, node, node))


def left_over(rule: Rule, block: Block, old: Any, new: Any) -> list[str]:
    """The names of what outlived the old value of a rule; of a choice, of every rule and type in it."""
    match rule:
        case Field() if not rule.read_only and not rule.copied:
            return _beside(rule, block, new, old) if _changed(rule, old, new) else []
        case Choice():
            left = [name for each in _inner(rule) for name in left_over(each, block, old, new)]
            return left or _two_types(rule, old, new)
        case _:
            return []


def _inner(rule: Choice) -> Iterator[Field | Values]:
    for way in rule.alternatives:
        yield from way.rules


def _changed(rule: Field, old: Any, new: Any) -> bool:
    was, now = standing(old, rule.steps), standing(new, rule.steps)
    before, after = (None if raw is None else rule.codec.read(raw) for raw in (was, now))
    return before is not None and after is not None and not same(before, after)


def _beside(rule: Field, block: Block, new: Any, old: Any) -> list[str]:
    """What stands beside the value in `new` and described the value in `old`."""
    now = standing(new, rule.steps)
    if isinstance(rule.codec, Concept):
        was = rule.codec.read(standing(old, rule.steps))
        return _beside_code(rule.codec, was, now, new is old)
    if isinstance(rule.codec, CodingCodec):
        return []
    if isinstance(rule.codec, QuantityIn | Minutes) and isinstance(now, dict):
        return [name for name in ("_value", "comparator", "_comparator") if name in now]
    last, holder = rule.steps[-1], standing(new, rule.steps[:-1])
    if not isinstance(last, Name) or not isinstance(holder, dict):
        return []
    mapped = list(_mapped(block))
    names = [
        name
        for name in _DESCRIBED_BY.get(last.name, ())
        if not any(steps[: len(rule.steps)] == (*rule.steps[:-1], Name(name)) for steps in mapped)
        and not _is_selected_by(rule.steps[:-1], name)
    ]
    left = [name for name in (*names, f"_{last.name}") if name in holder]
    return [*left, *_beside_coding(rule, block, new)]


def _beside_coding(rule: Field, block: Block, node: Any) -> list[str]:
    """Of `code.coding[system=X].code`: other codings that no rule selects, and a text that no rule maps."""
    steps = rule.steps
    if (
        len(steps) < 4
        or not isinstance(steps[-2], Select)
        or steps[-3:] != (Name("coding"), steps[-2], Name("code"))
    ):
        return []
    concept = standing(node, steps[:-3])
    if not isinstance(concept, dict):
        return []
    selected = [
        other[len(steps) - 2].pattern  # type: ignore[union-attr]
        for other in _mapped(block)
        if other[: len(steps) - 2] == steps[:-2]
        and len(other) > len(steps) - 2
        and isinstance(other[len(steps) - 2], Select)
    ]
    codings = concept.get("coding")
    strangers = [
        coding
        for coding in (codings if isinstance(codings, list) else [])
        if not any(contains(coding, pattern) for pattern in selected)
    ]
    text_is_mapped = any(other[: len(steps) - 2] == (*steps[:-3], Name("text")) for other in _mapped(block))
    return [
        *(["other codings"] if strangers else []),
        *(["text"] if "text" in concept and not text_is_mapped else []),
    ]


def _mapped(block: Block) -> Iterator[Steps]:
    """The paths that the block's own rules write."""
    for rule in block.rules:
        for each in _inner(rule) if isinstance(rule, Choice) else (rule,):
            if isinstance(each, Field) and not each.read_only:
                yield from (each.steps, *each.also)
            elif isinstance(each, Values | Items) and not each.read_only:
                yield (*each.list.holder, Name(each.list.name))


def _is_selected_by(holder: Steps, name: str) -> bool:
    return bool(holder) and isinstance(holder[-1], Select) and name in holder[-1].pattern


def _beside_code(codec: Concept, was: Any, now: Any, itself: bool) -> list[str]:
    shown = codec.read(now)
    if not isinstance(was, dict) or not isinstance(shown, dict) or not isinstance(now, dict):
        return []
    if not itself and all(same(was.get(name), shown.get(name)) for name in ("system", "code")):
        return []
    riding = codec.table.ours if isinstance(codec, TranslatedConcept) else None
    codings = [each for each in now.get("coding") or [] if isinstance(each, dict)]
    told = [each for each in codings if riding is None or each.get("system") != riding]
    left = ["other codings"] if len(told) > 1 else []
    left += sorted({"version", "userSelected"} & {name for coding in codings for name in coding})
    is_text_only = riding is not None and not told  # then the text is the value itself
    if "text" in now and not (codec.with_text or codec.text_is_mapped or is_text_only):
        left.append("text")
    return left


def _two_types(rule: Choice, old: Any, new: Any) -> list[str]:
    """A value[x] in two types, when the record has just chosen one of them."""
    for way in rule.alternatives:
        for steps, stem, own in way.siblings:
            before, after = standing(old, steps), standing(new, steps)
            if (
                not isinstance(after, dict)
                or own not in after
                or (isinstance(before, dict) and own in before)
            ):
                continue
            others = [
                name
                for name in after
                if name.lstrip("_") != own and (value_x(name.lstrip("_")) or ("",))[0] == stem
            ]
            if others:
                return others
    return []
