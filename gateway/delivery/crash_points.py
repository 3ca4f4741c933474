"""Named places where a test can have the worker killed, as a power cut would. Development only."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.errors import ConfigError


class CrashPoint(StrEnum):
    """Where the worker dies: nothing is sent yet, or the partner has it and we have not written so."""

    BEFORE_SEND = "before-send"
    AFTER_SEND = "after-send"


@dataclass(frozen=True, slots=True)
class CrashPoints:
    """The one armed point, if any."""

    armed: CrashPoint | None = None

    @classmethod
    def of(cls, environ: Mapping[str, str], *, development: bool) -> CrashPoints:
        """The point that CARE_GATEWAY_CRASH_AT names. Raises ConfigError outside development, or when
        unknown.
        """
        named = environ.get("CARE_GATEWAY_CRASH_AT")
        if not named:
            return cls()
        if not development:
            raise ConfigError(
                "CARE_GATEWAY_CRASH_AT is set; it is for tests only: take it out of the environment"
            )
        if named not in list(CrashPoint):
            raise ConfigError(f"CARE_GATEWAY_CRASH_AT={named}: the points are {', '.join(CrashPoint)}")
        return cls(CrashPoint(named))

    def reach(self, point: CrashPoint) -> None:
        """Dies here without any last word when this point is armed."""
        if point is self.armed:
            os.kill(os.getpid(), signal.SIGKILL)
