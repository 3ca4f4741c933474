"""Standard Webhooks: how a message is signed on its way out, and checked on its way in.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping, Sequence
from datetime import datetime

from standardwebhooks import Webhook, WebhookVerificationError
from standardwebhooks.webhooks import EmptyWebhookSecretError

from gateway.errors import ConfigError, SignInNeeded


def signed_headers(body: bytes, delivery_id: str, at: datetime, secrets: Sequence[str]) -> dict[str, str]:
    """The three webhook headers, signed once per secret: the receiver may hold the old or the new one.

    at   the moment of this attempt, in UTC; a repeat has the same id and its own moment.
    """
    signatures = [_signer(secret).sign(delivery_id, at, body.decode("utf-8")) for secret in secrets]
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> str:
    """The id by which a repeat is known, when one of the secrets signed it within five minutes of now.

    Raises SignInNeeded when headers are missing or malformed, too old or too new, or signed by nobody known.
    """
    given = {name.lower(): value for name, value in headers.items()}
    for secret in secrets:
        signer = _signer(secret)
        try:
            signer.verify(body, given, json_parse=False)
        except WebhookVerificationError:
            continue
        except ValueError as error:  # a signature without a comma, broken base64, a body that is not UTF-8
            raise SignInNeeded("the webhook signature headers or the body cannot be read") from error
        return given["webhook-id"]
    raise SignInNeeded("the message is not signed with a secret of this partner, or its timestamp is not now")


def _signer(secret: str) -> Webhook:
    try:
        return Webhook(secret)
    except (binascii.Error, EmptyWebhookSecretError) as error:
        raise ConfigError("a webhook secret must be base64, with or without whsec_ before it") from error
