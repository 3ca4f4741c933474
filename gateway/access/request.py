"""The request that is being answered: what ties the rows that it leaves in the audit to one another.

Known to whoever works for it in the same thread, the gateway's own bookkeeping included, without being
handed on. Outside a request there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Request:
    """One request to this gateway.

    id       what its answer, its log line and its audit rows are found by
    address  where the connection came from, as TCP knows it; None where nothing says so
    """

    id: UUID
    address: str | None = None


_CURRENT: Final[ContextVar[Request | None]] = ContextVar("care-gateway.request", default=None)


def current_request() -> Request | None:
    """The request that this thread is answering, if any."""
    return _CURRENT.get()


def begin_request(request: Request | None) -> None:
    """From now on this thread answers that request, or none."""
    _CURRENT.set(request)


@contextmanager
def under_request(request: Request) -> Iterator[None]:
    """What happens inside is done for that request."""
    before = _CURRENT.set(request)
    try:
        yield
    finally:
        _CURRENT.reset(before)
