"""One exchange with a partner, against real sockets that misbehave."""

from __future__ import annotations

import gzip
import ipaddress
import socket
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import AnswerUnreadable, PartnerConflict, PartnerError, PartnerRefused, PartnerUnavailable
from gateway.transport.exchange import Line, retry_after_s
from tests.contract.served import answering, free_port, says

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


def line(*, total_s: float = 5.0, max_bytes: int = 100_000) -> Line:
    return Line("st-annes", allow_networks=LOOPBACK, total_s=total_s, max_bytes=max_bytes)


def reply(status: str, body: bytes = b"{}", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def test_a_complete_answer_is_given_with_status_headers_and_body() -> None:
    with answering(says(reply("200 OK", b'{"a":1}', 'ETag: W/"3"'))) as address:
        answer = line().exchange("GET", address)

    assert (answer.status, answer.headers["etag"], answer.body) == (200, 'W/"3"', b'{"a":1}')


def test_compression_is_not_asked_for_and_nothing_of_the_environment_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    heads: list[bytes] = []
    with answering(says(reply("204 No Content", b"")), heads) as address:
        line().exchange("GET", address)

    assert b"accept-encoding: identity" in heads[0].lower()


def test_an_answer_that_drips_is_given_up_when_the_total_time_is_over() -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(200):
            connection.sendall(b" ")
            time.sleep(0.02)

    started = time.monotonic()
    with answering(drip) as address, pytest.raises(PartnerUnavailable, match=r"no complete answer in 0\.3 s"):
        line(total_s=0.3).exchange("GET", address)

    assert time.monotonic() - started < 3


def test_headers_that_drip_are_given_up_too() -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for number in range(200):
            connection.sendall(f"X-{number}: 1\r\n"[:3].encode())
            time.sleep(0.02)

    with answering(drip) as address, pytest.raises(PartnerUnavailable, match="no complete answer"):
        line(total_s=0.3).exchange("GET", address)


def test_a_body_without_length_cut_by_the_deadline_is_no_answer() -> None:
    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n{}")
        time.sleep(1)

    with answering(endless) as address, pytest.raises(PartnerUnavailable, match="no complete answer"):
        line(total_s=0.2).exchange("GET", address)


def test_a_body_shorter_than_its_length_is_no_answer() -> None:
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}"
    with answering(says(cut)) as address, pytest.raises(PartnerUnavailable):
        line().exchange("GET", address)


def test_an_answer_larger_than_the_cap_is_not_read() -> None:
    with (
        answering(says(reply("200 OK", b" " * 2000))) as address,
        pytest.raises(AnswerUnreadable, match="larger"),
    ):
        line(max_bytes=1000).exchange("GET", address)


def test_a_compressed_answer_is_never_unpacked() -> None:
    bomb = reply("200 OK", gzip.compress(b" " * 1_000_000), "Content-Encoding: gzip")
    with answering(says(bomb)) as address, pytest.raises(AnswerUnreadable, match="compressed"):
        line().exchange("GET", address)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize("status", ["301 Moved", "307 Temporary Redirect"])
def test_a_redirect_is_a_failure_and_nothing_goes_to_the_other_place(method: str, status: str) -> None:
    elsewhere: list[bytes] = []
    with (
        answering(says(reply("200 OK")), elsewhere) as other,
        answering(says(reply(status, b"", f"Location: {other}"))) as address,
        pytest.raises(PartnerRefused, match="redirects are not followed"),
    ):
        line().exchange(method, address, body=b"{}")

    assert elsewhere == []


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, PartnerRefused),
        (401, PartnerUnavailable),
        (404, PartnerRefused),
        (408, PartnerUnavailable),
        (409, PartnerConflict),
        (410, PartnerRefused),
        (412, PartnerConflict),
        (422, PartnerRefused),
        (425, PartnerUnavailable),
        (429, PartnerUnavailable),
        (500, PartnerUnavailable),
        (503, PartnerUnavailable),
    ],
)
def test_each_status_is_one_kind_of_failure(status: int, error: type[PartnerError]) -> None:
    with answering(says(reply(f"{status} Said"))) as address, pytest.raises(error) as caught:
        line().exchange("GET", address)

    assert type(caught.value) is error


def test_an_expected_status_is_an_answer() -> None:
    with answering(says(reply("404 Not Found"))) as address:
        assert line().exchange("GET", address, expect=frozenset({404})).status == 404


def test_the_time_the_partner_asks_for_is_carried_with_the_failure() -> None:
    busy = reply("429 Too Many", b"", "Retry-After: 7")
    with answering(says(busy)) as address, pytest.raises(PartnerUnavailable) as caught:
        line().exchange("GET", address)

    assert caught.value.retry_after_s == 7


def test_nobody_listening_is_a_failure_that_may_be_tried_again() -> None:
    with pytest.raises(PartnerUnavailable):
        line().exchange("GET", f"http://127.0.0.1:{free_port()}")


def test_a_private_address_is_refused_without_an_allowed_range() -> None:
    reached: list[bytes] = []
    with (
        answering(says(reply("200 OK")), reached) as address,
        pytest.raises(PartnerRefused, match="allow_networks"),
    ):
        Line("st-annes").exchange("GET", address)

    assert reached == []


def test_failures_never_quote_the_query() -> None:
    with answering(says(reply("400 Bad"))) as address, pytest.raises(PartnerRefused) as caught:
        line().exchange("GET", f"{address}/Patient?identifier=x|9990001112")

    assert "9990001112" not in str(caught.value)
    assert "st-annes: GET" in str(caught.value)


NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        ("-5", None),
        ("soon", None),
        ("Sun, 22 Nov 2026 03:01:00 GMT", 60.0),
        ("Sun, 22 Nov 2026 02:00:00 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, NOW) == seconds


@given(st.text(max_size=40))
def test_no_retry_after_header_is_an_error_or_a_wait_into_the_past(header: str) -> None:
    wait = retry_after_s(header, NOW)
    assert wait is None or 0 <= wait < timedelta(days=400_000).total_seconds()
