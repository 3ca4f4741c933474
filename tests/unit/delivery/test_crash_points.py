"""Crash points exist in development only."""

from __future__ import annotations

import pytest

from gateway.delivery.crash_points import CrashPoint, CrashPoints
from gateway.errors import ConfigError


def test_nothing_is_armed_by_itself() -> None:
    points = CrashPoints.of({}, development=False)
    for point in CrashPoint:
        points.reach(point)


def test_production_refuses_to_start_with_one() -> None:
    with pytest.raises(ConfigError, match="tests only"):
        CrashPoints.of({"CARE_GATEWAY_CRASH_AT": "before-send"}, development=False)


def test_an_unknown_one_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="before-send, after-send"):
        CrashPoints.of({"CARE_GATEWAY_CRASH_AT": "sometimes"}, development=True)
