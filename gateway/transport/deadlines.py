"""The total time one exchange with a partner may take, headers and body and slow drips included."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

_here = threading.local()


class Deadline:
    """Closes the watched socket when the time is up: a read that waits on it then fails at once.

    Socket time-outs alone do not bound an exchange: a peer that sends one byte a second never reaches them.
    """

    def __init__(self) -> None:
        self.expired = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None

    def watch(self, sock: socket.socket) -> None:
        with self._lock:
            self._socket = sock
            if self.expired:
                _shut(sock)

    def expire(self) -> None:
        with self._lock:
            self.expired = True
            if self._socket is not None:
                _shut(self._socket)

    def forget(self) -> None:
        """The socket goes back to the pool and must not be closed under the next exchange."""
        with self._lock:
            self._socket = None


def current() -> Deadline | None:
    """The deadline of the exchange this thread is in; None outside of one."""
    return getattr(_here, "deadline", None)


@contextlib.contextmanager
def deadline(seconds: float) -> Iterator[Deadline]:
    """An exchange that must be over within `seconds`; what it is doing then fails, and `expired` is true."""
    this = Deadline()
    timer = threading.Timer(seconds, this.expire)
    timer.daemon = True
    _here.deadline = this
    timer.start()
    try:
        yield this
    finally:
        timer.cancel()
        this.forget()
        _here.deadline = None


def _shut(sock: socket.socket) -> None:
    # The plain socket's own shutdown: SSLSocket.shutdown would drop the TLS object under the reading thread.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
