"""What a request spends its time on: samples of where its thread stands, by the part that is at work.

One thread sends requests straight to the application; another looks a thousand times a second at what the
first one is doing. A sample counts for the innermost part that is known by name, so waiting for PostgreSQL
counts for the driver, and everything that writing an audit row needs counts for the audit.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import PurePath
from types import FrameType
from typing import Final

_EVERY_S: Final = 0.001
_DRIVER: Final = frozenset({"psycopg", "psycopg_binary", "psycopg_pool", "sqlalchemy"})
_FLASK: Final = frozenset({"flask", "werkzeug", "jinja2", "blinker"})
_JSON: Final = frozenset({"msgspec", "json"})
_TYPED: Final = frozenset({"fhir", "fhir_core", "pydantic", "pydantic_core"})
AUDIT: Final = "audit insert"
DRIVER: Final = "driver (psycopg, SQLAlchemy, waiting for PostgreSQL)"
FLASK: Final = "Flask and Werkzeug"
JSON: Final = "JSON (codec, msgspec)"
TYPED: Final = "R4 shape (fhir.resources)"
NAMED: Final = frozenset({AUDIT, DRIVER, FLASK, JSON})
"""Parts that may take more than a tenth of a request; nothing else may."""


def shares(request: Callable[[], object], seconds: float) -> list[tuple[str, float]]:
    """Each part and its share of the time, the largest first; `request` is repeated for so long."""
    seen: Counter[str] = Counter()
    over = threading.Event()
    watched = threading.get_ident()

    def watch() -> None:
        while not over.wait(_EVERY_S):
            frame = sys._current_frames().get(watched)
            if frame is not None:
                seen[part(frame)] += 1

    watching = threading.Thread(target=watch, daemon=True)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(_EVERY_S / 4)
    watching.start()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        request()
    over.set()
    watching.join()
    sys.setswitchinterval(interval)
    total = sum(seen.values())
    return [(name, many / total) for name, many in seen.most_common()]


def part(frame: FrameType) -> str:
    """The part that a thread standing in `frame` works for."""
    innermost: str | None = None
    step: FrameType | None = frame
    while step is not None:
        name = _named(step.f_code.co_filename)
        if name == AUDIT:
            return AUDIT
        innermost = innermost or name
        step = step.f_back
    return innermost or "other"


def _named(file: str) -> str | None:
    parts = PurePath(file).parts
    if "site-packages" in parts:
        package = parts[parts.index("site-packages") + 1]
    elif "gateway" in parts:
        room = parts[len(parts) - 1 - parts[::-1].index("gateway") :]
        if room[1:] == ("store", "audit.py"):
            return AUDIT
        if room[1:] == ("fhir", "json_codec.py"):
            return JSON
        return "/".join(room)
    else:
        package = parts[-2] if len(parts) > 1 else file
    if package in _DRIVER:
        return DRIVER
    if package in _FLASK:
        return FLASK
    if package in _TYPED:
        return TYPED
    return JSON if package in _JSON else None
