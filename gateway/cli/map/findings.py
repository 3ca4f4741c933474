"""How the workbench shows what a conversion reported: the same finding once, with every place it was made."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import click

from gateway.errors import Issue

_PLACES = 4
_NUMBER = re.compile(r"\[\d+\]")


def issue_json(issue: Issue) -> dict[str, str]:
    """The issue for programs."""
    return {
        "severity": issue.severity,
        "text": issue.text,
        "expression": issue.expression,
        "rule": issue.diagnostics,
    }


def report(issues: Iterable[Issue]) -> None:
    """Print the issues on standard error: what says the same in one block, the gravest first."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for issue in issues:
        groups.setdefault((issue.severity, issue.text, issue.diagnostics), []).append(issue.expression)
    order = ["fatal", "error", "warning", "information"]
    for (severity, text, rule), places in sorted(groups.items(), key=lambda item: order.index(item[0][0])):
        where = f" ({rule})" if rule not in ("", "I190") else ""
        click.echo(f"{severity}: {joined(places)}: {text}{where}", err=True)


def joined(places: Iterable[str]) -> str:
    """The places on one line: those that differ only by the numbers of items once, with how often."""
    counted = Counter(places)
    merged: dict[str, list[str]] = {}
    for place in counted:
        merged.setdefault(_NUMBER.sub("[]", place), []).append(place)
    shown = [
        (held[0] if len(held) == 1 else general)
        + (f" ({count})" if (count := sum(counted[each] for each in held)) > 1 else "")
        for general, held in merged.items()
    ]
    more = f" and {len(shown) - _PLACES} more" if len(shown) > _PLACES else ""
    return ", ".join(shown[:_PLACES]) + more
