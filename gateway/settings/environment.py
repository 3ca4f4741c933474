"""The two complete profiles. There is no third state."""

from __future__ import annotations

from enum import StrEnum


class Environment(StrEnum):
    """`development` serves this machine alone, with a sign-in for demonstration; `production` everyone."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"
