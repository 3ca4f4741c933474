"""What a request says about itself: formats, the body, preferences and conditions.

Only JSON is spoken, and only FHIR 4.0; no parser for anything else is reachable from here.
https://hl7.org/fhir/R4/http.html#general and https://www.rfc-editor.org/rfc/rfc7240 (Prefer)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from flask import Request
from werkzeug.http import parse_options_header

from gateway.conformance.patching import Patch, read_patch
from gateway.errors import (
    BadRequest,
    NotAcceptable,
    PreconditionFailed,
    TooLarge,
    UnsupportedMedia,
    UnsupportedPatch,
)
from gateway.fhir.json_codec import MAX_BYTES, Resource, read_resource
from gateway.store.versions import ANY_VERSION
from gateway.web.fhir_api import binary
from gateway.web.fhir_api.media_types import ANYTHING, FHIR_JSON
from gateway.web.request_shape import whole_body

FHIR_VERSION: Final = "4.0"
_FORMATS: Final = FHIR_JSON | {"json"}
_UTF8: Final = frozenset({"", "utf-8", "utf8"})
# An entity tag as RFC 9110 8.8.3 writes it; those of ours are a version's number, spelled one way only.
_ETAG: Final = re.compile(r'(?:W/)?"([\x21\x23-\x7e]*+)"')
_VERSION: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


class Return(StrEnum):
    """What a client wants back after a write."""

    MINIMAL = "minimal"
    REPRESENTATION = "representation"
    OPERATION_OUTCOME = "OperationOutcome"


@dataclass(frozen=True, slots=True)
class Preferences:
    """The header Prefer, as far as it is understood; what is not understood may be ignored, says RFC 7240."""

    wanted: Return = Return.REPRESENTATION
    strict: bool = False


def preferences(request: Request) -> Preferences:
    """What the client prefers; `return=representation` and lenient handling when it does not say."""
    said = dict(
        (part.strip().partition("=")[0].strip().lower(), part.partition("=")[2].strip().strip('"'))
        for part in re.split(r"[,;]", ", ".join(request.headers.getlist("Prefer")))
    )
    wanted = next(
        (one for one in Return if one.lower() == said.get("return", "").lower()), Return.REPRESENTATION
    )
    return Preferences(wanted, strict=said.get("handling", "").lower() == "strict")


def refuse_other_formats(request: Request) -> None:
    """Nothing, when the client accepts FHIR 4.0 as JSON. Raises NotAcceptable otherwise.

    `_format` goes before the header Accept, for clients that cannot set headers.
    """
    asked = request.args.get("_format")
    if asked is not None:
        refuse_format(asked)
    elif accepted := request.headers.get("Accept"):
        _refuse_accept(accepted)


def body_resource(request: Request, type: str) -> Resource:
    """The resource in the body, whose type is the address's; a document is the Binary that holds it.

    Raises UnsupportedMedia, TooLarge, Unreadable with line and column, and BadRequest for another type.
    """
    if type != binary.TYPE:
        refuse_other_bodies(request)
    body = _body(request)
    if type == binary.TYPE:
        if binary.is_document(request, body):
            return binary.made_of(request, body)
        refuse_other_bodies(request)
    resource = read_resource(body)
    if resource["resourceType"] != type:
        raise BadRequest(
            f"The body is not a {type}, but the address is: send it to the address of its own type.",
            expression="resourceType",
        )
    return resource


def body_patch(request: Request) -> Patch:
    """The patch in the body. Raises UnsupportedPatch, TooLarge, Unreadable, BadRequest."""
    media, options = parse_options_header(request.headers.get("Content-Type", ""))
    if options.get("charset", "").lower() not in _UTF8 or _is_other_version(options):
        raise UnsupportedPatch("Send a patch in UTF-8, and for FHIR 4.0; nothing else is read.")
    return read_patch(_body(request), media.lower())


def _body(request: Request) -> bytes:
    if (request.content_length or 0) > MAX_BYTES:
        raise TooLarge(f"The body is {request.content_length} bytes long; at most {MAX_BYTES} are read.")
    return whole_body(request, cache=False)


def refuse_other_bodies(request: Request) -> None:
    """Nothing, when the body is declared to be FHIR 4.0 JSON in UTF-8. Raises UnsupportedMedia otherwise."""
    media, options = parse_options_header(request.headers.get("Content-Type", ""))
    if media.lower() not in FHIR_JSON or options.get("charset", "").lower() not in _UTF8:
        raise UnsupportedMedia("Send the body as application/fhir+json in UTF-8; no other format is read.")
    if options.get("fhirversion", options.get("fhirVersion", FHIR_VERSION)) not in ("4.0", "4.0.1"):
        raise UnsupportedMedia("The body is declared as another FHIR version; only 4.0 is read.")


def expected_version(request: Request) -> int | None:
    """The version number in If-Match, e.g. 3 for ``W/"3"``; ANY_VERSION for `*`; None without the header.

    Raises BadRequest when it is neither one tag nor `*`, for a condition that is not understood is never
    ignored, and PreconditionFailed for a tag that no version of ours ever had.
    Source: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1
    """
    return version_named(request.headers.get("If-Match"))


def version_named(tag: str | None) -> int | None:
    """The version number of an ETag of ours; None for none. Raises BadRequest for any other text."""
    if tag is None:
        return None
    if tag.strip() == "*":
        return ANY_VERSION
    found = _ETAG.fullmatch(tag.strip())
    if found is None:
        raise BadRequest('If-Match must be one version as the ETag of a read gave it, e.g. W/"3".')
    if not _VERSION.fullmatch(found[1]):
        raise PreconditionFailed("If-Match names a version that nothing here ever had; read it again.")
    return int(found[1])


def only_if_none_exists(request: Request) -> str | None:
    """The condition in If-None-Exist; None without the header. Raises BadRequest when it is not UTF-8."""
    said = request.headers.get("If-None-Exist")
    try:
        return None if said is None else said.encode("latin-1").decode()  # WSGI hands bytes on as latin-1
    except UnicodeError:
        raise BadRequest("If-None-Exist holds bytes that are not UTF-8.") from None


def refuse_format(asked: str) -> None:
    """Nothing, when the parameter `_format` asks for FHIR 4.0 as JSON. Raises NotAcceptable otherwise."""
    # A plus sign in an address or a form is a blank: `application/fhir+json` arrives as "application/fhir
    # json".
    media, options = parse_options_header(asked.strip().replace(" ", "+"))
    if media.lower() not in _FORMATS or _is_other_version(options):
        raise NotAcceptable(
            "_format must be json or application/fhir+json; only FHIR 4.0 as JSON is answered."
        )


def _refuse_accept(accepted: str) -> None:
    for part in accepted.split(","):
        media, options = parse_options_header(part.strip())
        if (
            media.lower() in FHIR_JSON | ANYTHING
            and not _is_other_version(options)
            and not _is_unwanted(options.get("q", "1"))
        ):
            return
    raise NotAcceptable(
        "Only FHIR 4.0 as application/fhir+json is answered; name it in Accept, or send no Accept."
    )


def _is_other_version(options: dict[str, str]) -> bool:
    return options.get("fhirversion", options.get("fhirVersion", FHIR_VERSION)) not in ("4.0", "4.0.1")


def _is_unwanted(quality: str) -> bool:
    return re.fullmatch(r"0(?:\.0{0,3})?", quality.strip()) is not None
