"""Signing and checking Standard Webhooks messages."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ConfigError, SignInNeeded
from gateway.transport.webhooks import signed_headers, verify

OLD = "whsec_" + base64.b64encode(b"the old secret of elm trust").decode()
NEW = "whsec_" + base64.b64encode(b"the new secret of elm trust").decode()


def now() -> datetime:
    return datetime.now(UTC)


@given(st.text().map(lambda text: text.encode("utf-8", "ignore")))
def test_what_was_signed_is_verified_and_gives_its_id(body: bytes) -> None:
    assert verify(body, signed_headers(body, "msg_1", now(), [NEW]), [NEW]) == "msg_1"


def test_while_a_secret_is_replaced_either_side_may_be_first() -> None:
    both = signed_headers(b"{}", "msg_1", now(), [NEW, OLD])

    assert verify(b"{}", both, [OLD]) == verify(b"{}", both, [NEW]) == "msg_1"
    assert verify(b"{}", signed_headers(b"{}", "msg_1", now(), [OLD]), [NEW, OLD]) == "msg_1"


def test_header_names_are_read_in_any_case() -> None:
    headers = {name.title(): value for name, value in signed_headers(b"{}", "msg_1", now(), [NEW]).items()}
    assert verify(b"{}", headers, [NEW]) == "msg_1"


def test_another_secret_or_a_changed_body_or_id_is_refused() -> None:
    headers = signed_headers(b"{}", "msg_1", now(), [OLD])

    for body, given_headers, secrets in [
        (b"{}", headers, [NEW]),
        (b"{ }", headers, [OLD]),
        (b"{}", {**headers, "webhook-id": "msg_2"}, [OLD]),
        (b"{}", headers, []),
    ]:
        with pytest.raises(SignInNeeded):
            verify(body, given_headers, secrets)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_message_from_another_time_is_refused(minutes: int) -> None:
    headers = signed_headers(b"{}", "msg_1", now() + timedelta(minutes=minutes), [NEW])
    with pytest.raises(SignInNeeded):
        verify(b"{}", headers, [NEW])


@pytest.mark.parametrize(
    "signature", ["", "v1", "v1,", "v1,%%%", "v2,abc", "v1,AAAA v1", "v1,\N{LATIN SMALL LETTER E WITH ACUTE}"]
)
def test_malformed_signatures_are_refused_and_never_an_unexpected_error(signature: str) -> None:
    headers = {**signed_headers(b"{}", "msg_1", now(), [NEW]), "webhook-signature": signature}
    with pytest.raises(SignInNeeded):
        verify(b"{}", headers, [NEW])


def test_a_body_that_is_not_text_is_refused() -> None:
    with pytest.raises(SignInNeeded):
        verify(b"\xff\xfe", signed_headers(b"{}", "msg_1", now(), [NEW]), [NEW])


def test_a_secret_that_is_no_base64_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError):
        verify(b"{}", signed_headers(b"{}", "msg_1", now(), [NEW]), ["whsec_"])
