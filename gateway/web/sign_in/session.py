"""Sessions at the screen: a random cookie, its row in the store; gone at once when it is closed or has idled.

Source: https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html
"""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gateway.access.actors import HERE, Actor, ActorKind
from gateway.acts.gateway import Gateway
from gateway.store import sessions

COOKIE: Final = "care_gateway_session"


def need_session(pages: Blueprint, gateway: Gateway) -> None:
    """Every page of the blueprint is shown only to who is signed in; `g.actor` is then that coordinator."""

    @pages.before_request
    def know_who_asks() -> AnyResponse | None:
        user = signed_in_user(gateway)
        if user is None:
            return redirect(url_for("sign_in.choose"))
        g.session_user = user
        g.actor = Actor(ActorKind.COORDINATOR, user, HERE)
        return None


def signed_in_user(gateway: Gateway) -> str | None:
    """Whose session this request carries; None when it has none that is alive."""
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    with gateway.database.transaction(gateway.self_actor) as tx:
        session = sessions.find(tx, token)
    return session.name if session is not None and session.kind is ActorKind.COORDINATOR else None


def begin(gateway: Gateway, user: str, answer: Response) -> None:
    """Open a session for `user` and give its cookie with the answer."""
    with gateway.database.transaction(gateway.self_actor) as tx:
        token = sessions.begin(tx, user, ActorKind.COORDINATOR)
    answer.set_cookie(COOKIE, token, httponly=True, samesite="Lax", secure=request.is_secure, path="/")


def end(gateway: Gateway, answer: Response) -> None:
    """Close the session that this request carries; the cookie is worthless from now on."""
    if token := request.cookies.get(COOKIE):
        with gateway.database.transaction(gateway.self_actor) as tx:
            sessions.end(tx, token)
    answer.delete_cookie(COOKIE, path="/")
