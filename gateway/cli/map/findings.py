"""How the workbench shows what a conversion reported."""

from __future__ import annotations

import click

from gateway.errors import Issue


def issue_json(issue: Issue) -> dict[str, str]:
    """The issue for programs."""
    return {
        "severity": issue.severity,
        "text": issue.text,
        "expression": issue.expression,
        "rule": issue.diagnostics,
    }


def report(issues: tuple[Issue, ...]) -> None:
    """Print the issues on standard error, one a line."""
    for issue in issues:
        click.echo(f"{issue.severity}: {issue.expression}: {issue.text} ({issue.diagnostics})", err=True)
