"""How many requests are worked on at once, where a server gives every request a thread of its own.

A request holds a slot while Python works for it, never while its client makes it wait: reading the body gives
the slot back until the next bytes are there. So clients that send slowly cost a sleeping thread each and hold
nobody up, and many requests at once still do not fight for the connections to the database.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class WorkSlots:
    """A WSGI application that works on at most `slots` requests at once; the others wait their turn."""

    def __init__(self, application: WSGIApplication, slots: int) -> None:
        self._application = application
        self._free = threading.Semaphore(slots)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The application's answer."""
        with self._free:
            environ["wsgi.input"] = _Body(environ["wsgi.input"], self._free)
            return self._application(environ, start_response)


class _Body:
    """A request's body (PEP 3333, `wsgi.input`); whoever waits for its bytes has given the slot back."""

    def __init__(self, stream: Any, free: threading.Semaphore) -> None:
        self._stream = stream
        self._free = free

    def read(self, *size: int) -> bytes:
        return self._without_slot(lambda: self._stream.read(*size))

    def readline(self, *size: int) -> bytes:
        return self._without_slot(lambda: self._stream.readline(*size))

    def readlines(self, *hint: int) -> list[bytes]:
        return list(self)

    def __iter__(self) -> Iterator[bytes]:
        while line := self.readline():
            yield line

    def _without_slot(self, read: Callable[[], bytes]) -> bytes:
        self._free.release()
        try:
            return read()
        finally:
            self._free.acquire()
