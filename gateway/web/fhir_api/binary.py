"""A Binary as the document that it holds: read in its own format, and made of a body in any format.

https://hl7.org/fhir/R4/binary.html#rest — a read is answered with the content as it is, unless `_format` or
Accept asks for FHIR's own form: whoever leaves the choice (no Accept, `*/*`) gets the document. A body is the
content, whatever its format, unless it is a Binary as JSON. What is a page or a script elsewhere is a file
here: nothing of it is ever shown or run on this address.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from typing import Any, Final

from flask import Request, Response, g
from werkzeug.http import parse_options_header

from gateway.acts.security_context import refuse_unseen_context
from gateway.errors import NotAcceptable, TooLarge, UnsupportedMedia
from gateway.fhir.json_codec import MAX_BYTES, Resource, read_untrusted
from gateway.store.versions import Version
from gateway.web import the_gateway
from gateway.web.fhir_api import replies
from gateway.web.fhir_api.media_types import FHIR_JSON, FHIR_XML
from gateway.web.request_shape import measured

TYPE: Final = "Binary"
CONTEXT: Final = "X-Security-Context"
MAX_CONTENT: Final = (MAX_BYTES - 2_000) // 4 * 3
"""Bytes of a document: as base64 in its resource it must not be longer than what is read as JSON."""

_MEDIA: Final = re.compile(
    r"[A-Za-z0-9!#$&^_.+\-]{1,127}/[A-Za-z0-9!#$&^_.+\-]{1,127}(?: ?;[\x20-\x7E]{1,200})?"
)
_ON_ONE_LINE: Final = re.compile(r"[\x21-\x7E]{1,300}")
# What a form sends by itself, and what curl calls a body of which nobody said what it is.
_FORMS: Final = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_BLANKS: Final = re.compile(r"[ \t\r\n]+")
_AS_A_FILE: Final = {
    "Content-Disposition": "attachment",
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


def is_wanted(request: Request) -> bool:
    """Whether the client would rather have the document than FHIR's form of it, or leaves the choice."""
    if "_format" in request.args:
        return False
    if not request.accept_mimetypes:
        return True
    offered = [
        (said.partition(";")[0].strip().lower(), quality)
        for said, quality in request.accept_mimetypes
        if quality > 0
    ]
    spoken = [(media, quality) for media, quality in offered if media not in FHIR_XML]
    wanted = max((quality for _, quality in spoken), default=None)
    return wanted is not None and not any(
        media in FHIR_JSON and quality == wanted for media, quality in spoken
    )


def document(version: Version, request: Request) -> Response:
    """What the Binary holds, in its own format; 304 when the client says that it has it already.

    Raises NotAcceptable when it holds no base64 and so is no document.
    """
    response = replies.held(version, request)
    response.headers["Vary"] = "Accept"
    if response.status_code == 304:
        return response
    binary = version.for_reader(g.actor).resource
    response.data = _content(binary)
    said = binary.get("contentType")
    is_media = isinstance(said, str) and _MEDIA.fullmatch(said) is not None
    response.content_type = str(said) if is_media else "application/octet-stream"
    for name, value in _AS_A_FILE.items():
        response.headers[name] = value
    context = binary.get("securityContext")
    reference = context.get("reference") if isinstance(context, dict) else None
    if isinstance(reference, str) and _ON_ONE_LINE.fullmatch(reference):
        response.headers[CONTEXT] = reference
    return response


def is_document(request: Request, body: bytes) -> bool:
    """Whether the body is a document, and no Binary as JSON.

    Raises UnsupportedMedia for a body that does not say what it is, and Unreadable for JSON that is none.
    """
    media = _media(request)
    if media in FHIR_XML:
        raise UnsupportedMedia("FHIR is read as application/fhir+json; as XML it is read nowhere.")
    if media in _FORMS or not media:
        raise UnsupportedMedia("Say in Content-Type what the document is, for example application/pdf.")
    if media not in FHIR_JSON:
        return True
    value = read_untrusted(body)
    return not (isinstance(value, dict) and value.get("resourceType") == TYPE)


def made_of(request: Request, body: bytes) -> Resource:
    """The Binary that holds the body: its media type, and what `X-Security-Context` names.

    Raises LengthRequired, TooLarge, UnsupportedMedia, and Unprocessable when the actor does not see what is
    named.
    """
    if len(measured(request, body)) > MAX_CONTENT:
        raise TooLarge(f"A document may have {MAX_CONTENT} bytes; this one has more.")
    said = request.headers.get("Content-Type", "").strip()
    if not _MEDIA.fullmatch(said):
        raise UnsupportedMedia("Content-Type is no media type; write for example application/pdf.")
    binary: dict[str, Any] = {"resourceType": TYPE}
    if id := (request.view_args or {}).get("logical_id"):
        binary["id"] = id
    binary["contentType"] = said
    if (context := request.headers.get(CONTEXT, "").strip()) != "":
        refuse_unseen_context(the_gateway(), g.actor, context)
        binary["securityContext"] = {"reference": context}
    if body:
        binary["data"] = b64encode(body).decode("ascii")
    return binary


def _content(binary: Resource) -> bytes:
    data = binary.get("data", "")
    try:
        return b64decode(_BLANKS.sub("", data), validate=True)
    except (NotBase64, TypeError, ValueError):
        raise NotAcceptable(
            "What this Binary holds is no base64; ask for it as application/fhir+json."
        ) from None


def _media(request: Request) -> str:
    return parse_options_header(request.headers.get("Content-Type", ""))[0].lower()
