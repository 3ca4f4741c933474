"""What the layers below would quietly put right about a request is refused, for two readers may put it right
in two ways: one of them a proxy that guards us.

https://www.rfc-editor.org/rfc/rfc9112#section-6.1 (message length) and
https://www.rfc-editor.org/rfc/rfc9110#section-9.1 (methods are case-sensitive)
"""

from __future__ import annotations

from flask import Flask, Request, request

from gateway.errors import BadRequest, LengthRequired
from gateway.web.spelled_pairs import read_pairs


def refuse_misshapen_requests(app: Flask) -> None:
    """No view of `app` runs for a request that could be read in two ways, or whose parameters cannot."""

    def _check() -> None:
        if request.environ["REQUEST_METHOD"] != request.method:
            raise BadRequest("A method is written in capital letters.")
        if request.environ.get("PATH_INFO", "").startswith("//"):
            raise BadRequest("An address begins with one slash.")
        if request.headers.get("Transfer-Encoding", "chunked").strip().lower() != "chunked":
            raise BadRequest("A body is sent with its length, or chunked; no other transfer coding is read.")
        if request.query_string:
            read_pairs(request.query_string)

    app.before_request(_check)


def whole_body(request: Request, *, cache: bool = True) -> bytes:
    """The body as it was sent. Raises BadRequest when it is shorter than it was announced to be.

    A chunked body that broke off reaches us as what came of it. JSON shows that by itself; whatever does not
    is given to `measured`.
    """
    body = request.get_data(cache=cache)
    if len(body) < (request.content_length or 0) or (not body and "Transfer-Encoding" in request.headers):
        raise BadRequest("The body broke off before its end.")
    return body


def measured(request: Request, body: bytes) -> bytes:
    """The body, when it came with its length or is none. Raises LengthRequired otherwise."""
    if body and request.content_length is None:
        raise LengthRequired("Send this body with its Content-Length: nothing in it says where it ends.")
    return body
