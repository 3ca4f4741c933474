"""A community agency with a small system of its own: signed webhooks in, what it was granted, answers out.

What its staff do on their screen, the story does through ``/inbox``; nothing is decided here by itself.
Source: https://www.standardwebhooks.com (Standard Webhooks 1.0)
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import requests
from flask import Flask, Response, jsonify, request
from standardwebhooks import Webhook, WebhookVerificationError

from gateway.fhir.json_codec import read_stored, write

ANSWER_WITHIN_S = 15


class Inbox:
    """The referrals the agency has received. The same delivery id is one effect, however often it arrives."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute(
            "create table if not exists delivery"
            " (id text primary key, body blob not null, arrived text not null)"
        )
        self._db.execute("create table if not exists arrival (id text not null, at text not null)")

    def take(self, delivery_id: str, body: bytes) -> bool:
        """Keep a delivery; False when this id was taken before."""
        now = datetime.now(UTC).isoformat()
        with self._lock:
            self._db.execute("insert into arrival values (?, ?)", (delivery_id, now))
            kept = self._db.execute(
                "insert into delivery values (?, ?, ?) on conflict do nothing", (delivery_id, body, now)
            )
            return kept.rowcount == 1

    def referrals(self) -> list[Mapping[str, Any]]:
        """What each delivery said, the oldest first."""
        with self._lock:
            rows = self._db.execute("select body from delivery order by arrived").fetchall()
        return [cast("dict[str, Any]", read_stored(body))["data"] for (body,) in rows]

    def counts(self) -> dict[str, int]:
        """How often something arrived, and how many effects it had."""
        with self._lock:
            [arrivals] = self._db.execute("select count(*) from arrival").fetchone()
            [effects] = self._db.execute("select count(*) from delivery").fetchone()
        return {"arrivals": arrivals, "effects": effects}


def create_agency(inbox: Inbox, key: str, secret: str) -> Flask:
    """The agency's web application: its webhook, and the screen its staff answer from (as JSON).

    key, secret   what the gateway's operator gave the agency: its API key and the shared webhook secret.
    """
    app = Flask("agency")
    webhook = Webhook(secret)
    session = requests.Session()
    session.trust_env = False

    @app.post("/referrals")
    def receive() -> Response:
        body = request.get_data()
        try:
            webhook.verify(body, dict(request.headers))
        except WebhookVerificationError:
            return Response(status=HTTPStatus.UNAUTHORIZED)
        inbox.take(request.headers["webhook-id"], body)
        return Response(status=HTTPStatus.NO_CONTENT)

    @app.get("/inbox")
    def read_inbox() -> Response:
        return jsonify({"referrals": inbox.referrals(), **inbox.counts()})

    @app.get("/inbox/<leg>")
    def read_referral(leg: str) -> Response:
        fetched = session.get(
            str(_delivery(inbox, leg)["fetch"]),
            headers={"Authorization": f"Bearer {key}"},
            timeout=ANSWER_WITHIN_S,
        )
        return Response(fetched.content, status=fetched.status_code, content_type="application/json")

    @app.post("/inbox/<leg>/<move>")
    def answer(leg: str, move: str) -> Response:
        delivery = _delivery(inbox, leg)
        told = request.get_json(silent=True) or {}
        body = write({**told, "referral": delivery["referral"], "leg": leg, "move": move})
        answer_id, now = f"msg_{uuid4()}", datetime.now(UTC)
        sent = session.post(
            str(delivery["answer"]),
            data=body,
            headers={
                "Content-Type": "application/json",
                "webhook-id": answer_id,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": webhook.sign(answer_id, now, body.decode()),
            },
            timeout=ANSWER_WITHIN_S,
        )
        return Response(sent.content, status=sent.status_code, content_type="application/json")

    @app.get("/health")
    def health() -> Response:
        return jsonify({"status": "ready"})

    return app


def _delivery(inbox: Inbox, leg: str) -> Mapping[str, Any]:
    return next(referral for referral in inbox.referrals() if referral["leg"] == leg)
