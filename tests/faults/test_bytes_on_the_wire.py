"""What no HTTP client would send: bytes on a socket, to granian with the gateway behind it (B-36, B-43).

However a request is bent, it is one request with one answer or a refusal, never two; what broke off is not
taken for the whole; nobody is reached under a name that is not ours; and the server goes on.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from tests.benchmarks.slow_clients import Site, served
from tests.conftest import create_database, drop_database, url_of

BODY: Final = b'{"resourceType":"Condition","subject":{"display":"somebody"}}'
CHUNKED: Final = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
LENGTH: Final = f"Content-Length: {len(BODY)}"
PIECES: Final = "Transfer-Encoding: chunked"
MADE, REFUSED = 1, 0
POST: Final = "POST /fhir/R4/Condition HTTP/1.1"
METADATA: Final = "GET /fhir/R4/metadata HTTP/1.1"
COUNT: Final = "GET /fhir/R4/Condition?_summary=count HTTP/1.1"


@pytest.fixture(scope="module")
def site(server_url: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    name = f"{migrated_template}_wire"
    create_database(server_url, name, template=migrated_template)
    folder: Path = tmp_path_factory.mktemp("wire")
    with served(url_of(server_url, name), folder, "--server", "granian") as site:
        yield site
    drop_database(server_url, name)


def request_of(site: Site, line: str, *headers: str, body: bytes = b"", host: str | None = None) -> bytes:
    """The bytes of a request that is ours but for what is said."""
    named = [f"Host: {site.host}:{site.port}"] if host is None else [host] if host else []
    known = (f"Authorization: Bearer {site.key}", "Content-Type: application/fhir+json")
    return ("\r\n".join((line, *named, *known, *headers)) + "\r\n\r\n").encode("latin-1") + body


def told(site: Site, sent: bytes, *, end: bool = False) -> tuple[list[int], bytes]:
    """The final statuses that came back, and all that was said, until the connection ends or falls silent."""
    got = b""
    with socket.create_connection((site.host, site.port), timeout=10) as connection, suppress(OSError):
        connection.sendall(sent)
        if end:
            connection.shutdown(socket.SHUT_WR)
        while chunk := connection.recv(65_536):
            got += chunk
            connection.settimeout(0.3)
    statuses = [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ?[^\r]*\r\n", got)]
    return [status for status in statuses if status >= 200], got


def conditions(site: Site) -> int:
    """How many there are, asked on a connection of its own."""
    statuses, said = told(site, request_of(site, COUNT, "Connection: close"))
    assert statuses == [200], said
    found = re.search(rb'"total":([0-9]+)', said)
    assert found is not None
    return int(found[1])


# headers, body, the status, how many Conditions it makes
BENT: Final = {
    "a length": ([LENGTH], BODY, 201, MADE),
    "chunks": ([PIECES], CHUNKED, 201, MADE),
    "chunks with extensions": ([PIECES], CHUNKED.replace(b"\r\n", b";a=b\r\n", 1), 201, MADE),
    "a trailer": ([PIECES], CHUNKED[:-2] + b"Authorization: x\r\n\r\n", 201, MADE),
    "100-continue": (["Expect: 100-continue", LENGTH], BODY, 201, MADE),
    "the same length twice": ([LENGTH, LENGTH], BODY, 201, MADE),
    # RFC 9112 6.1: chunks go before a length, and the connection ends.
    "a length and chunks": (["Content-Length: 4", PIECES], CHUNKED, 201, MADE),
    "a length and an empty chunk": (["Content-Length: 4", PIECES], b"0\r\n\r\n", 400, REFUSED),
    "two codings": ([PIECES, "Transfer-Encoding: identity"], CHUNKED, 400, REFUSED),
    "identity": (["Transfer-Encoding: identity", LENGTH], BODY, 400, REFUSED),
    "gzip, chunked": (["Transfer-Encoding: gzip, chunked"], CHUNKED, 400, REFUSED),
    "chunked twice": (["Transfer-Encoding: chunked, chunked"], CHUNKED, 400, REFUSED),
    "xchunked": (["Transfer-Encoding: xchunked"], CHUNKED, 400, REFUSED),
    "a tab in chunked": (["Transfer-Encoding: \x0bchunked"], CHUNKED, 400, REFUSED),
    "a blank before the colon": (["Transfer-Encoding : chunked"], CHUNKED, 400, REFUSED),
    "a folded header": (["Transfer-Encoding:\r\n chunked"], CHUNKED, 400, REFUSED),
    "two lengths": ([LENGTH, "Content-Length: 0"], BODY, 400, REFUSED),
    "two lengths, the other way": (["Content-Length: 0", LENGTH], BODY, 400, REFUSED),
    "a list of lengths": ([f"{LENGTH}, {len(BODY)}"], BODY, 400, REFUSED),
    "a length with a sign": ([f"Content-Length: +{len(BODY)}"], BODY, 400, REFUSED),
    "a hexadecimal length": (["Content-Length: 0x3d"], BODY, 400, REFUSED),
    "a negative length": (["Content-Length: -1"], BODY, 400, REFUSED),
    "a length beyond 64 bits": (["Content-Length: 99999999999999999999"], BODY, 400, REFUSED),
    "a length of ten gigabytes": (["Content-Length: 9999999999"], BODY, 413, REFUSED),
    "no length": ([], b"", 400, REFUSED),
    "a negative chunk": ([PIECES], CHUNKED + b"-1\r\n", 201, MADE),
    "a chunk of the wrong size": ([PIECES], b"5\r\n" + BODY + b"\r\n0\r\n\r\n", 400, REFUSED),
    "a chunk size beyond 64 bits": ([PIECES], b"fffffffffffffffff\r\n" + BODY, 400, REFUSED),
    "a chunk size with 0x": ([PIECES], b"0x3d\r\n" + BODY + b"\r\n0\r\n\r\n", 400, REFUSED),
    # JSON says by itself where it ends: this Condition came whole, the rest is refused with the connection.
    "a good chunk, then a bad one": ([PIECES], CHUNKED[:-5] + b"zz\r\n\r\n", 201, MADE),
    "chunks divided by line feeds": ([PIECES], CHUNKED.replace(b"\r\n", b"\n"), 400, REFUSED),
    "gzip": (["Content-Encoding: gzip", LENGTH], BODY, 415, REFUSED),
    "a NUL in a header": (["X: a\x00b", LENGTH], BODY, 400, REFUSED),
    "a carriage return in a header": (["X: a\rb", LENGTH], BODY, 400, REFUSED),
    "no colon": (["nonsense", LENGTH], BODY, 400, REFUSED),
    "a blank in a header's name": (["X Y: z", LENGTH], BODY, 400, REFUSED),
    "a megabyte of header": (["X: " + "x" * 1_000_000, LENGTH], BODY, 431, REFUSED),
    "five thousand headers": ([f"X-{n}: y" for n in range(5000)], b"", 431, REFUSED),
}  # fmt: skip


@pytest.mark.parametrize("bend", BENT)
def test_a_bent_request_is_one_request_or_none(site: Site, bend: str) -> None:
    headers, body, status, made = BENT[bend]
    # What stands behind it would make another Condition, if the two readers disagreed where the first ends.
    inner = request_of(site, POST, LENGTH, "Connection: close", body=BODY)
    before = conditions(site)

    statuses, said = told(site, request_of(site, POST, *headers, "Connection: close", body=body + inner))

    assert statuses == [status], said
    assert conditions(site) == before + made


BROKEN_OFF: Final = {
    "a length": (["Content-Length: 1000"], b"%b"),
    "chunks, before the last": ([PIECES], b"%x\r\n%b\r\n"),
    "chunks, within one": ([PIECES], b"1%03x\r\n%b"),
    "chunks, before the first": ([PIECES], b""),
}
FORM: Final = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "kind", ["application/fhir+json", FORM, "application/pdf", "application/json-patch+json"]
)
@pytest.mark.parametrize("way", BROKEN_OFF)
def test_what_broke_off_is_not_taken_for_the_whole(site: Site, way: str, kind: str) -> None:
    headers, framed = BROKEN_OFF[way]
    cut = b"code=x" if kind == FORM else BODY[:-9]
    body = framed % (len(cut), cut) if framed.count(b"%") == 2 else framed % cut if framed else b""
    line = {
        FORM: "POST /fhir/R4/Condition/_search HTTP/1.1",
        "application/pdf": "POST /fhir/R4/Binary HTTP/1.1",
    }
    request = request_of(site, line.get(kind, POST), *headers, body=body)
    before = conditions(site)

    statuses, said = told(site, request.replace(b"application/fhir+json", kind.encode()), end=True)

    assert statuses in ([], [400], [411], [415]), said
    assert b"searchset" not in said
    assert conditions(site) == before


@pytest.mark.parametrize(
    "host",
    ["", "Host: ", "Host: evil.example", "Host: 127.0.0.1@evil.example", "Host: a b/c?d",
     "Host: 127.0.0.1:99999", "Host: \xff\xfe",
     "Host: evil.example\r\nHost: 127.0.0.1", "Host: 127.0.0.1\r\nHost: evil.example"],
)  # fmt: skip
def test_only_our_own_name_is_answered(site: Site, host: str) -> None:
    for line in (METADATA, "GET /fhir/R4/metadata HTTP/1.0"):
        statuses, said = told(site, request_of(site, line, "Connection: close", host=host))
        assert statuses == [400], said
        assert b"evil.example" not in said


LINES: Final = {
    METADATA: 200,
    "GET /fhir/R4/metadata#x HTTP/1.1": 200,
    "get /fhir/R4/metadata HTTP/1.1": 400,
    "Get /fhir/R4/metadata HTTP/1.1": 400,
    "G@T /fhir/R4/metadata HTTP/1.1": 400,
    "GET\t/fhir/R4/metadata\tHTTP/1.1": 400,
    "GET fhir/R4/metadata HTTP/1.1": 400,
    "GET \\fhir\\R4\\metadata HTTP/1.1": 400,
    "GET //fhir/R4/metadata HTTP/1.1": 400,
    "GET ///fhir/R4/Condition HTTP/1.1": 400,
    "GET /health/../fhir/R4/metadata HTTP/1.1": 404,
    "GET /%2e%2e/fhir/R4/metadata HTTP/1.1": 404,
    "GET /fhir/R4/%2e%2e/R4/metadata HTTP/1.1": 404,
    "GET /fhir/R4/Cond\x00ition HTTP/1.1": 400,
    "GET /fhir/R4/Condition x HTTP/1.1": 400,
    "GET /fhir/R4/Condition?code=\xc3\xa4 HTTP/1.1": 200,
    "GET /fhir/R4/Condition?code=\xe4 HTTP/1.1": 400,
    "GET /fhir/R4/Condition?code=%ff HTTP/1.1": 400,
    f"GET /fhir/R4/{'x' * 100_000} HTTP/1.1": 414,
    f"{'X' * 10_000} /fhir/R4/metadata HTTP/1.1": 405,
    "TRACE /fhir/R4/metadata HTTP/1.1": 405,
    "PROPFIND /fhir/R4/Condition HTTP/1.1": 405,
    "CONNECT evil.example:443 HTTP/1.1": 404,
    "OPTIONS * HTTP/1.1": 404,
    "GET /fhir/R4/metadata HTTP/3.0": 400,
    "GET /fhir/R4/metadata": 400,
}


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[:40])
def test_a_request_line_is_read_as_it_is_written(site: Site, line: str) -> None:
    statuses, said = told(site, request_of(site, line, "Connection: close"))

    assert statuses == [LINES[line]], said


def test_the_host_of_an_absolute_address_decides_nothing(site: Site) -> None:
    line = "GET http://evil.example/fhir/R4/Condition?_count=1 HTTP/1.1"
    statuses, said = told(site, request_of(site, line, "Connection: close"))

    assert statuses == [200], said
    assert b"evil.example" not in said


NO_HTTP: Final = {
    "a TLS greeting": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
    "zeros": b"\x00" * 5000,
    "ones": b"\xff" * 5000,
    "an HTTP/2 preface and no more": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nxxxxxxxxx",
    "blank lines": b"\r\n" * 1000,
}


@pytest.mark.parametrize("sent", NO_HTTP)
def test_what_is_no_http_at_all_hurts_nobody(site: Site, sent: str) -> None:
    statuses, said = told(site, NO_HTTP[sent], end=True)

    assert statuses in ([], [400]), said
    assert conditions(site) >= 0
