"""What a FHIR server's answer holds, when it is what the protocol promises: nothing else is an answer."""

from __future__ import annotations

from typing import Any

from gateway.errors import AnswerUnreadable, TooLarge, Unreadable
from gateway.fhir.bundles import next_link
from gateway.fhir.json_codec import Resource, read_untrusted
from gateway.sync.ports import Held, Page
from gateway.transport.exchange import MAX_ANSWER_BYTES, Answer

GRAVE = frozenset({"error", "fatal"})


def held_in(answer: Answer, what: str, type: str, id: str | None) -> Held:
    """The one resource in the answer: of the type, with an id, and with the id that was asked for if any.

    A 200 that holds a login page, an OperationOutcome or another resource raises AnswerUnreadable.
    """
    resource = _resource_in(answer, what)
    if resource.get("resourceType") != type:
        raise AnswerUnreadable(
            f"{what}: the answer is a {_said(resource.get('resourceType'))}, expected {type}"
        )
    held_id = resource.get("id")
    if not isinstance(held_id, str) or not held_id:
        raise AnswerUnreadable(f"{what}: the answer has no id")
    if id is not None and held_id != id:
        raise AnswerUnreadable(f"{what}: the answer has another id than was asked for")
    return Held(type, held_id, _version(resource, answer), resource)


def page_in(answer: Answer, what: str) -> Page:
    """The search page in the answer, entries as they are: which of them can be read is decided when received.

    Raises AnswerUnreadable when it is no searchset, or when it reports an error inside a 200.
    """
    bundle = _resource_in(answer, what)
    if bundle.get("resourceType") != "Bundle":
        raise AnswerUnreadable(
            f"{what}: the answer is a {_said(bundle.get('resourceType'))}, expected Bundle"
        )
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise AnswerUnreadable(f"{what}: Bundle.entry is not a list")
    resources: list[Any] = []
    for entry in entries:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and resource.get("resourceType") == "OperationOutcome":
            _refuse_grave(resource, what)
        else:
            resources.append(resource)
    content_type = answer.headers.get("Content-Type", "")
    return Page(answer.body, content_type, tuple(resources), next_link(bundle))


def _resource_in(answer: Answer, what: str) -> Resource:
    try:
        value = read_untrusted(answer.body, max_bytes=MAX_ANSWER_BYTES)
    except (Unreadable, TooLarge) as error:
        raise AnswerUnreadable(f"{what}: {error}") from error
    if not isinstance(value, dict):
        raise AnswerUnreadable(f"{what}: the answer is no FHIR resource")
    return value


def _refuse_grave(outcome: Resource, what: str) -> None:
    issues = outcome.get("issue")
    codes = [
        str(issue.get("code"))
        for issue in (issues if isinstance(issues, list) else ())
        if isinstance(issue, dict) and issue.get("severity") in GRAVE
    ]
    if codes:
        raise AnswerUnreadable(f"{what}: the page reports {', '.join(codes)} inside a 200 answer")


def _version(resource: Resource, answer: Answer) -> str | None:
    meta = resource.get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    if isinstance(version, str) and version:
        return version
    etag = answer.headers.get("ETag")
    return etag.removeprefix("W/").strip('"') if etag else None


def _said(resource_type: object) -> str:
    """The type's name when it can be one: an unexpected answer may hold anything and is not quoted."""
    named = isinstance(resource_type, str) and resource_type.isalpha() and len(resource_type) < 40
    return str(resource_type) if named else "thing that is no FHIR resource"
