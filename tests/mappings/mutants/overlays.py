"""Faults about what a map writes itself: its fixed values, and those of a partner's overlays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from gateway.mapping import Put, always, elements, writing
from gateway.mapping.codecs import Codes
from gateway.mapping.laws.broken import Law
from gateway.mapping.lens import InterpretedLens
from gateway.mapping.paths import Name
from gateway.mapping.rules import RuleFile
from gateway.mapping.values import MISSING, contains
from tests.mappings.mutants.seeding import Mutant, obeying, put_around, put_instead, replaced, shipped

OVERLAY: Final = frozenset({Law.OVERLAY})


def of_the_base(rules: RuleFile) -> RuleFile:
    return shipped()[rules.name].rules


def dropping_nothing(rules: RuleFile) -> RuleFile:
    base = of_the_base(rules)
    kept = {rule.ours: rule for rule in rules.root.rules if hasattr(rule, "ours")}
    every = tuple(kept.get(getattr(rule, "ours", None), rule) for rule in base.root.rules)
    return replace(rules, root=replace(rules.root, rules=every))


def without_always(rules: RuleFile) -> RuleFile:
    return replace(rules, writes_always=False)


class AlwaysWhenCreated(InterpretedLens):
    """Takes a partner's values for fixed ones."""

    def put(self, record: Any, resources: Any, **more: Any) -> Put:
        return InterpretedLens(without_always(self.rules)).put(record, resources, **more)


class AlwaysWhenPut(InterpretedLens):
    """Creates for nobody in particular."""

    def create(self, record: Any, **more: Any) -> Put:
        return InterpretedLens(without_always(self.rules)).create(record, **more)


def alone_in_its_list(written: Any) -> Any:
    def fault(fixed: Any, node: Any) -> Any:
        steps = (*fixed.steps, Name(fixed.name or ""))
        held, _ = elements.locate(node, steps)
        if fixed.name is None or (isinstance(held, list) and any(contains(e, fixed.pattern) for e in held)):
            return written(fixed, node)
        return elements.replace(node, steps, [fixed.pattern])

    return fault


def over_the_record(written: Any) -> Any:
    def fault(fixed: Any, node: Any) -> Any:
        return written(replace(fixed, yields=False), node)

    return fault


def in_their_words(write: Any) -> Any:
    return lambda self, value, old: MISSING if write(self, value, old) is MISSING else value


MUTANTS: Final = (
    Mutant(
        "a plan is created without what every plan has",
        put_instead(writing, "with_fixed", lambda fixed, node: node),
        frozenset({Law.CREATE_GET}),
        on="care-plan",
    ),
    Mutant(
        "a fixed value stands in the place of what the record says",
        put_instead(
            writing, "with_fixed", lambda fixed, node: elements.replace(node, fixed.steps, fixed.pattern)
        ),
        frozenset({Law.CREATE_GET}),
        on="care-plan",
    ),
    Mutant(
        "the overlay is ignored",
        obeying(of_the_base),
        OVERLAY,
        on="goal",
        overlay="us-core-6.1.0",
    ),
    Mutant(
        "the overlay's own values are ignored",
        obeying(without_always),
        OVERLAY,
        on="care-plan",
        overlay="us-core-6.1.0",
    ),
    Mutant(
        "a field that the partner forbids is sent all the same",
        obeying(dropping_nothing),
        OVERLAY,
        on="need",
        overlay="sdoh-cc",
    ),
    Mutant(
        "a state that the partner does not know is sent all the same",
        put_around(Codes, "write", in_their_words),
        frozenset({Law.EXACT}),
        on="referral",
        overlay="sdoh-cc",
    ),
    Mutant(
        "the overlay's values are written only when a resource is created",
        replaced(AlwaysWhenCreated),
        OVERLAY,
        on="care-plan",
        overlay="us-core-6.1.0",
    ),
    Mutant(
        "the overlay's values are written only when a resource is changed",
        replaced(AlwaysWhenPut),
        OVERLAY,
        on="care-plan",
        overlay="us-core-6.1.0",
    ),
    Mutant(
        "the overlay's values are not written in the items of lists",
        put_instead(always, "_below", lambda rule, node, *_: node),
        OVERLAY,
        on="care-team",
        overlay="us-core-6.1.0",
    ),
    Mutant(
        "a category with more in it than the overlay's is not recognised, and added a second time",
        put_instead(always, "contains", lambda value, pattern: value == pattern),
        OVERLAY,
        on="care-plan",
        overlay="us-core-6.1.0",
    ),
    Mutant(
        "the overlay's category takes the place of the partner's own",
        put_around(always, "_written", alone_in_its_list),
        OVERLAY,
        on="care-plan",
        overlay="us-core-6.1.0",
    ),
    Mutant(
        "`gender: unknown` is written over a gender that is known",
        put_around(always, "_written", over_the_record),
        frozenset({Law.CREATE_GET}),
        on="person",
        overlay="us-core-6.1.0",
    ),
)
