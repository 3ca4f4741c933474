"""A request holds a slot while it is worked on, and gives it back while its client makes it wait."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from gateway.web.work_slots import WorkSlots

WAIT_S = 10


class Trickle(io.BytesIO):
    """A body whose bytes come when the test lets them come."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.asked, self.come = threading.Event(), threading.Event()

    def read(self, size: int | None = -1, /) -> bytes:
        self.asked.set()
        assert self.come.wait(WAIT_S)
        return super().read(size)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    return [environ["wsgi.input"].read()]


def answer(slots: WorkSlots, body: io.BytesIO) -> bytes:
    return b"".join(slots({"wsgi.input": body}, lambda *_: lambda _: None))


def test_a_body_that_does_not_come_holds_up_nobody_else() -> None:
    slots, slow = WorkSlots(application, 1), Trickle(b"slow")
    answers: list[bytes] = []
    waiting = threading.Thread(target=lambda: answers.append(answer(slots, slow)))
    waiting.start()
    assert slow.asked.wait(WAIT_S)

    assert answer(slots, io.BytesIO(b"quick")) == b"quick"

    slow.come.set()
    waiting.join(WAIT_S)
    assert answers == [b"slow"]


def test_no_more_requests_are_worked_on_than_there_are_slots() -> None:
    at_work, most, lock = 0, 0, threading.Lock()

    def busy(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        threading.Event().wait(0.01)
        with lock:
            at_work -= 1
        return []

    slots = WorkSlots(busy, 3)
    threads = [threading.Thread(target=answer, args=(slots, io.BytesIO())) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)

    assert most == 3


def test_a_slot_is_given_back_when_the_work_or_the_body_breaks() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise ConnectionResetError

    slots = WorkSlots(application, 1)
    for _ in range(3):
        with pytest.raises(ConnectionResetError):
            answer(slots, Broken())

    assert answer(slots, io.BytesIO(b"next")) == b"next"


def test_a_body_is_read_by_lines_as_well() -> None:
    def lines(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"]
        return [body.readline(), *body.readlines()]

    assert list(WorkSlots(lines, 1)({"wsgi.input": io.BytesIO(b"a\nb\nc")}, lambda *_: lambda _: None)) == [
        b"a\n",
        b"b\n",
        b"c",
    ]
