"""What a run says at its end: the ten slowest suites; and, where CI is set, that a skip is a failure."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from _pytest.terminal import TerminalReporter

SLOWEST = 10


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """One line for each of the slowest files, set-up and tear-down included."""
    seconds: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[report.nodeid.partition("::")[0]] += report.duration
    terminalreporter.section(f"{SLOWEST} slowest suites")
    for suite, took in seconds.most_common(SLOWEST):
        terminalreporter.line(f"{took:8.1f} s  {suite}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Make the run fail when CI could not do everything: there, what is missing must be installed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and isinstance(reporter, TerminalReporter) and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.line("a test was skipped; where CI is set that is a failure", red=True)
