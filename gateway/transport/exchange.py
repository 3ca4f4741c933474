"""One exchange with a partner over HTTP: bounded in time and size, no redirects, errors in our own words."""

from __future__ import annotations

import email.utils
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import requests
from requests.structures import CaseInsensitiveDict

from gateway.errors import AnswerUnreadable, PartnerConflict, PartnerRefused, PartnerUnavailable
from gateway.transport.addresses import IpNetwork
from gateway.transport.connections import CheckedAdapter
from gateway.transport.deadlines import deadline

MAX_ANSWER_BYTES = 5 * 1024 * 1024
CHUNK_BYTES = 64 * 1024
STALE = frozenset(
    {409, 412}
)  # RFC 9110 says 412, several servers answer 409: both mean another version is held
UNAUTHORIZED = 401
TRY_AGAIN = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Answer:
    """A partner's complete 2xx answer, or one whose status the caller said it expects."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Line:
    """The line to one partner: a pool of connections and the limits every exchange on it obeys.

    Environment proxies and netrc are not used, answers are asked for and accepted without compression (a
    small compressed body can unpack to any size), and a redirect is a failure: a delivery goes where config
    says or nowhere.
    """

    def __init__(
        self,
        partner: str,
        *,
        allow_networks: Sequence[IpNetwork] = (),
        bearer: str | None = None,
        connect_s: float = 3.05,
        total_s: float = 30.0,
        max_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        self._partner = partner
        self._connect_s, self._total_s, self._max_bytes = connect_s, total_s, max_bytes
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.clear()
        self._session.headers.update({"User-Agent": "care-gateway", "Accept-Encoding": "identity"})
        if bearer is not None:
            self._session.headers["Authorization"] = f"Bearer {bearer}"
        adapter = CheckedAdapter(allow_networks)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def exchange(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        expect: frozenset[int] = frozenset(),
    ) -> Answer:
        """The partner's answer when it is 2xx or in `expect`.

        Raises PartnerUnavailable (no complete answer in time; 408, 425, 429, 5xx), PartnerConflict (409,
        412), PartnerRefused (any other status, a refused address, an untrusted certificate),
        AnswerUnreadable (too large, compressed against our wish). Messages name partner, method and what
        went wrong, never the URL's query.
        """
        what = f"{self._partner}: {method} {_path(url)}"
        with deadline(self._total_s) as running:
            try:
                answer = self._answer(what, method, url, headers or {}, body)
            except requests.exceptions.SSLError as error:
                if _is_certificate(error):
                    raise PartnerRefused(f"{what}: tls: the partner's certificate is not trusted") from error
                raise PartnerUnavailable(f"{what}: tls: the connection failed") from error
            except requests.exceptions.RequestException as error:
                if running.expired:
                    raise PartnerUnavailable(f"{what}: no complete answer in {self._total_s:g} s") from error
                if isinstance(error, requests.exceptions.InvalidURL):
                    raise PartnerRefused(f"{what}: the address is not a URL") from error
                raise PartnerUnavailable(f"{what}: {_cause(error)}") from error
            if running.expired:  # a body without a length simply ends when the socket is shut
                raise PartnerUnavailable(f"{what}: no complete answer in {self._total_s:g} s")
        return _accepted(what, answer, expect)

    def close(self) -> None:
        self._session.close()

    def _answer(
        self, what: str, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        with self._session.request(
            method,
            url,
            headers=dict(headers),
            data=body,
            timeout=(self._connect_s, self._total_s),
            allow_redirects=False,
            stream=True,
        ) as response:
            if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise AnswerUnreadable(f"{what}: the answer is compressed although identity was asked for")
            return Answer(
                response.status_code, CaseInsensitiveDict(response.headers), self._read(what, response)
            )

    def _read(self, what: str, response: requests.Response) -> bytes:
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_content(CHUNK_BYTES):
            size += len(chunk)
            if size > self._max_bytes:
                raise AnswerUnreadable(f"{what}: the answer is larger than {self._max_bytes} bytes")
            chunks.append(chunk)
        return b"".join(chunks)


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """Seconds the partner asks us to wait, from seconds or an HTTP date; None for none, the past or nonsense.

    Source: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:  # "-0000" means UTC without a place
        until = until.replace(tzinfo=UTC)
    wait_s = (until - now).total_seconds()
    return wait_s if wait_s > 0 else None


def _accepted(what: str, answer: Answer, expect: frozenset[int]) -> Answer:
    status = answer.status
    if 200 <= status < 300 or status in expect:
        return answer
    if status in STALE:
        raise PartnerConflict(f"{what}: answered {status}, it holds another version")
    if status == UNAUTHORIZED:
        # A secret replaced at one side only is mended by an operator, not by giving every message up.
        raise PartnerUnavailable(f"{what}: answered 401, our secret is not accepted there; renew it")
    if status in TRY_AGAIN or status >= 500:
        wait = retry_after_s(answer.headers.get("Retry-After"), datetime.now(UTC))
        raise PartnerUnavailable(f"{what}: answered {status}", retry_after_s=wait)
    if 300 <= status < 400:
        raise PartnerRefused(
            f"{what}: answered {status}, and redirects are not followed; correct its address"
        )
    raise PartnerRefused(f"{what}: answered {status}")


def _path(url: str) -> str:
    """The URL without its query: a query may hold identifiers."""
    return url.partition("?")[0]


def _is_certificate(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.CertificateError) or "certificate verify failed" in str(seen).lower():
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _cause(error: requests.exceptions.RequestException) -> str:
    match error:
        case requests.exceptions.ConnectTimeout():
            return "no connection in time"
        case requests.exceptions.ReadTimeout():
            return "no answer in time"
        case requests.exceptions.ChunkedEncodingError():
            return "the answer broke off"
        case _:
            return "no connection, or it broke off"
