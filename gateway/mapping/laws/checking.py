"""Trying the laws: hypothesis draws a case, and every law is run on it."""

from __future__ import annotations

from random import Random
from typing import Any, Final

from marshmallow import Schema

from gateway.errors import MappingError
from gateway.mapping.laws.case import Case
from gateway.mapping.lens import Lens
from gateway.mapping.rules import Carried, Field, Items, Joint, Rule, Values

DEFAULT_CASES: Final = 100


def check(
    lens: Lens, schema: Schema, *, cases: int = DEFAULT_CASES, seed: int | None = None, shrink: bool = True
) -> None:
    """Try every law with this many generated cases; without a `seed` always with the same ones.

    `shrink` looks for the smallest case that breaks a law, which can take a minute.

    Raises MappingError with the smallest case that breaks a law, or when hypothesis is not installed: laws
    are run by those who write rules, not in production.
    """
    try:
        import hypothesis
        from hypothesis import strategies as st

        from gateway.mapping.laws.records import records, values
    except ImportError as missing:
        raise MappingError("the laws need hypothesis: pip install 'care-gateway[dev]'") from missing
    from gateway.mapping.laws.sources import enriched

    root = lens.rules.root
    case = Case(lens)
    drawn = records(root, schema)
    new_values = {
        number: values(rule, schema) if _is_written(rule) else st.none()
        for number, rule in enumerate(root.rules)
    }

    def one_case(data: Any) -> None:
        first, second = data.draw(drawn, label="record"), data.draw(drawn, label="other record")
        first = {**first, "id": data.draw(st.sampled_from(["1", "root-2"]), label="id")}
        number = data.draw(st.sampled_from(range(len(root.rules))), label="rule")
        value = data.draw(new_values[number], label="new value")
        random = Random(data.draw(st.integers(0, 2**16), label="what partners add"))  # noqa: S311 - no secret

        source = enriched(case.create_get(first), lens, random)
        case.get_put(source)
        case.put_get(case.mixed(source, second, random), source)
        case.residue(source, random)
        if getattr(root.rules[number], "ours", None) != ("id",):
            case.frame(source, root.rules[number], value)
        case.nested_frame(source, second, random)

    test = hypothesis.given(st.data())(one_case)
    if seed is not None:
        test = hypothesis.seed(seed)(test)
    hypothesis.settings(
        max_examples=cases,
        deadline=None,
        database=None,
        derandomize=seed is None,
        print_blob=False,
        report_multiple_bugs=False,
        phases=[phase for phase in hypothesis.Phase if shrink or phase is not hypothesis.Phase.shrink],
        suppress_health_check=list(hypothesis.HealthCheck),
    )(test)()


def _is_written(rule: Rule) -> bool:
    if isinstance(rule, Field):
        return not rule.copied and not rule.read_only
    return not (isinstance(rule, Values | Items | Joint | Carried) and rule.read_only)
