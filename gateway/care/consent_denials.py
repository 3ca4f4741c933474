"""Whom a Consent keeps from a person's data: the organisations that its rules deny, each with its time.

Only an active consent to privacy denies anything, and a rule only the organisations that it names as its
actors. A rule holds for no longer than those around it. What else would narrow a denial (purposes, labels,
kinds of data, actions) is not looked at: until it can be kept exactly, all is denied rather than too little.
Permits are no business of this file, for nobody sees anything because of one.
Source: https://hl7.org/fhir/R4/consent-definitions.html#Consent.provision
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from gateway.fhir.dates import FhirDateTime
from gateway.fhir.identifiers import Identifier, identifiers_of
from gateway.fhir.json_codec import Resource
from gateway.fhir.references import ReferenceKind, parse_reference

SCOPES: Final = "http://terminology.hl7.org/CodeSystem/consentscope"
_PRIVACY: Final = "patient-privacy"
_DEEPEST: Final = 50  # rules within rules; what lies deeper was refused when it was read


@dataclass(frozen=True, slots=True)
class Denial:
    """One organisation is kept out from `since` to the end of `until`; None: open on that side.

    organisation  id of one of our Organizations; None when it is named by `identifier` alone
    """

    organisation: str | None = None
    identifier: Identifier | None = None
    since: datetime | None = None
    until: datetime | None = None


def denials_in(consent: Resource) -> tuple[Denial, ...]:
    """Every denial of an organisation in the Consent, each once; none of one that is not in force."""
    if consent.get("status") != "active" or not _is_about_privacy(consent.get("scope")):
        return ()
    rules = _denying(consent.get("provision"), Denial(), _DEEPEST)
    found = (
        replace(rule, organisation=named.organisation, identifier=named.identifier)
        for rule, provision in rules
        for actor in _objects(provision.get("actor"))
        for named in _organisation(actor.get("reference"), consent)
    )
    return tuple(dict.fromkeys(found))


def _is_about_privacy(scope: Any) -> bool:
    """Whether the scope is privacy; one that no code names is taken for it, rather than not kept."""
    codings = _objects(scope.get("coding")) if isinstance(scope, dict) else []
    named = [it.get("code") for it in codings if it.get("system", SCOPES) == SCOPES]
    return not named or _PRIVACY in named


def _denying(provision: Any, around: Denial, depth: int) -> Iterator[tuple[Denial, Mapping[str, Any]]]:
    """The rules of type `deny`, the root and those within it, each with the time in which it holds."""
    if not isinstance(provision, dict) or not depth:
        return
    during = _within(around, provision.get("period"))
    if during.since is not None and during.until is not None and during.until < during.since:
        return
    if provision.get("type") == "deny":
        yield during, provision
    for inner in _objects(provision.get("provision")):
        yield from _denying(inner, during, depth - 1)


def _within(around: Denial, period: Any) -> Denial:
    """The part of the time around that lies in a period; what of it cannot be read is open."""
    said = period if isinstance(period, dict) else {}
    start, end = _moment(said.get("start")), _moment(said.get("end"))
    since = [it for it in (around.since, start.earliest() if start else None) if it is not None]
    until = [it for it in (around.until, end.latest() if end else None) if it is not None]
    return Denial(since=max(since, default=None), until=min(until, default=None))


def _moment(text: Any) -> FhirDateTime | None:
    try:
        return FhirDateTime.parse(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _organisation(named: Any, consent: Resource) -> Iterator[Denial]:
    """The organisation that an actor's reference names: by our id, by number, or as a contained resource."""
    if not isinstance(named, dict):
        return
    text = named.get("reference")
    reference = parse_reference(text) if isinstance(text, str) else None
    if reference is not None and reference.kind is ReferenceKind.RELATIVE:
        if reference.type == "Organization" and reference.id is not None:
            yield Denial(organisation=reference.id)
    elif isinstance(text, str) and text.startswith("#"):
        for inside in _objects(consent.get("contained")):
            if inside.get("id") == text[1:] and inside.get("resourceType") == "Organization":
                yield from (Denial(identifier=it) for it in identifiers_of(inside))
    if named.get("type", "Organization") == "Organization":
        yield from (Denial(identifier=it) for it in identifiers_of({"identifier": named.get("identifier")}))


def _objects(value: Any) -> list[dict[str, Any]]:
    return [it for it in value if isinstance(it, dict)] if isinstance(value, list) else []
