"""One partner's FHIR R4 server: what it holds, as it answers; what it is asked to hold.

Sources: https://hl7.org/fhir/R4/http.html and https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

from gateway.errors import AnswerUnreadable, PartnerConflict, PartnerRefused
from gateway.fhir.json_codec import write
from gateway.partners.fhir_rest.answers import held_in, page_in
from gateway.partners.fhir_rest.settings import FhirRestSettings
from gateway.sync.abilities import Abilities
from gateway.sync.partner import Partner
from gateway.sync.ports import Held, Page, Secrets
from gateway.transport.exchange import Answer, Line

FHIR_JSON = "application/fhir+json"
GONE = frozenset({404, 410})
AMBIGUOUS = frozenset({412})
CREATED = 201

# Without strict handling a server leaves out parameters it does not know and answers with everybody's
# resources (sekmet-fhir 0.1.1 does so for Goal?patient=, seen 2026-11-22).
SEARCH_HEADERS = {"Accept": FHIR_JSON, "Prefer": "handling=strict"}
WRITE_HEADERS = {"Accept": FHIR_JSON, "Content-Type": FHIR_JSON, "Prefer": "return=representation"}


class FhirRestServer:
    """An `EhrSystem` reached by FHIR REST. What it relies on is what the partner's abilities say was seen."""

    def __init__(self, line: Line, settings: FhirRestSettings, abilities: Abilities, partner: str) -> None:
        self._line, self._settings, self._abilities, self._partner = line, settings, abilities, partner

    def page(self, type: str, since: str | None, url: str | None = None) -> Page:
        """One page of changes; a next link is followed as given, on the partner's own origin only.

        Source: https://hl7.org/fhir/R4/search.html#lastUpdated
        """
        if url is None:
            asked = {"_sort": "_lastUpdated", "_count": str(self._settings.page_size)}
            if since is not None:
                asked = {"_lastUpdated": f"ge{since}", **asked}
            url = f"{self._address(type)}?{urlencode(asked)}"
        elif _origin(url) != _origin(self._settings.base_url):
            raise AnswerUnreadable(
                f"{self._partner}: its next link leads to another origin; it is not followed"
            )
        answer = self._line.exchange("GET", url, headers=SEARCH_HEADERS)
        page = page_in(answer, f"{self._partner}: GET {type}")
        return replace(page, next_url=_from(url, page.next_url)) if page.next_url else page

    def read(self, type: str, id: str) -> Held | None:
        answer = self._line.exchange(
            "GET", self._address(type, id), headers={"Accept": FHIR_JSON}, expect=GONE
        )
        if answer.status in GONE:
            return None
        return held_in(answer, f"{self._partner}: GET {type}/{id}", type, id)

    def create(self, resource: dict[str, Any], if_none_exist: tuple[str, str]) -> Held:
        """The resource that carries the identifier, made unless it is there already.

        A server not seen to honour If-None-Exist is asked by search first: a repeat after a lost answer finds
        what the first attempt made.
        Source: https://hl7.org/fhir/R4/http.html#ccreate
        """
        type = str(resource["resourceType"])
        condition = urlencode({"identifier": "|".join(if_none_exist)})
        if not self._abilities.conditional_create:
            found = self._with_identifier(type, condition)
            if found is not None:
                return found
        answer = self._line.exchange(
            "POST",
            self._address(type),
            headers={**WRITE_HEADERS, "If-None-Exist": condition},
            body=write({name: value for name, value in resource.items() if name != "id"}),
            expect=AMBIGUOUS,
        )
        if answer.status in AMBIGUOUS:
            raise PartnerRefused(f"{self._partner}: several {type} there carry our identifier; one must go")
        held = self._as_held(answer, type, _id_in(answer.headers.get("Location"), type))
        return replace(held, is_new=answer.status == CREATED)

    def update(self, resource: dict[str, Any], if_match: str | None) -> Held:
        """The updated resource, when the partner still held version `if_match`.

        Source: https://hl7.org/fhir/R4/http.html#concurrency
        """
        type, id = str(resource["resourceType"]), str(resource["id"])
        headers = dict(WRITE_HEADERS)
        if if_match is not None:
            if self._abilities.version_aware_update:
                headers["If-Match"] = f'W/"{if_match}"'
            else:
                self._refuse_unless_at(type, id, if_match)
        answer = self._line.exchange("PUT", self._address(type, id), headers=headers, body=write(resource))
        return self._as_held(answer, type, id)

    def _refuse_unless_at(self, type: str, id: str, version: str) -> None:
        """The next best thing for a server that ignores If-Match: ask, then write. A small gap remains."""
        there = self.read(type, id)
        if there is None or there.version != version:
            raise PartnerConflict(f"{self._partner}: {type}/{id} is not at version {version} there")

    def _with_identifier(self, type: str, condition: str) -> Held | None:
        answer = self._line.exchange("GET", f"{self._address(type)}?{condition}", headers=SEARCH_HEADERS)
        what = f"{self._partner}: GET {type} by our identifier"
        found = [each for each in page_in(answer, what).resources if isinstance(each, dict)]
        if len(found) > 1:
            raise PartnerRefused(f"{self._partner}: several {type} there carry our identifier; one must go")
        if not found:
            return None
        return self.read(type, str(found[0].get("id")))

    def _as_held(self, answer: Answer, type: str, id: str | None) -> Held:
        """The written resource; read back when the answer has no body (Prefer is a wish)."""
        if answer.body.strip():
            return held_in(answer, f"{self._partner}: write {type}", type, id)
        there = self.read(type, id) if id is not None else None
        if there is None:
            raise AnswerUnreadable(f"{self._partner}: it took a {type} and does not say which one it became")
        return there

    def _address(self, *parts: str) -> str:
        return "/".join((self._settings.base_url, *(quote(part, safe="") for part in parts)))


def connect(partner: Partner, secrets: Secrets) -> FhirRestServer:
    """The partner's server. Nothing is opened before the first exchange."""
    settings = partner.settings
    assert isinstance(settings, FhirRestSettings), f"{partner.name}: settings of another kind"
    line = Line(
        partner.name,
        allow_networks=settings.allow_networks,
        bearer=secrets(settings.token) if settings.token is not None else None,
        total_s=settings.timeout_s,
    )
    return FhirRestServer(line, settings, partner.abilities, partner.name)


def _from(url: str, link: str) -> str:
    """The link as it is meant on the page at `url`; as it stands when it is no address at all."""
    try:
        return urljoin(url, link)
    except ValueError:
        return link


def _origin(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ("", None, None)
    return (parts.scheme, parts.hostname, port or {"http": 80, "https": 443}.get(parts.scheme))


def _id_in(location: str | None, type: str) -> str | None:
    """The id in `[base]/Type/id/_history/1`, when the header has that form."""
    parts = (location or "").split("/")
    if type not in parts:
        return None
    after = parts[len(parts) - 1 - parts[::-1].index(type) + 1 :]
    return after[0] if after else None
