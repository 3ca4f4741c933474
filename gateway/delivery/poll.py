"""The periodic lanes `poll:<partner>`, one per resource type: what changed at the hospital is received.

The cursor is the latest `meta.lastUpdated` seen, in the partner's own clock, but never later than now: one
resource dated 2099 must not hide all that changes until then. It moves with each page only while the partner
keeps the order that was asked for; otherwise when the last page is in, so that a crash in between repeats
pages and loses none.
Source: https://hl7.org/fhir/R4/search.html#lastUpdated
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from gateway.acts.receive import receive_page
from gateway.delivery.workplace import LaneWork, Turn, Workplace
from gateway.errors import AnswerUnreadable
from gateway.fhir.dates import FhirInstant
from gateway.store import cursors
from gateway.sync.partner import Partner
from gateway.sync.ports import EhrSystem

POLL = "poll"


def run(place: Workplace, turn: Turn) -> None:
    """Pages are received for as long as the lease allows; the cursor says where the next run goes on."""
    partner, system = place.partner_of(turn.lease.destination)
    ehr, type = cast("EhrSystem", system), turn.lease.key
    with place.gateway.database.transaction(place.gateway.self_actor) as tx:
        cursor = cursors.get(tx, partner.name, type)
    start = None if cursor is None else _text(_before(_moment(cursor), place.pace.overlap_s))
    latest = None if cursor is None else _moment(cursor)
    is_ordered = True
    url: str | None = None
    followed: set[str] = set()
    while True:
        page = ehr.page(type, start, url)
        moments = _moments(page.resources)
        seen = [*([latest] if latest and url else []), *moments]
        is_ordered = is_ordered and seen == sorted(seen)
        latest = max((*moments, *([latest] if latest else [])), default=None)
        is_last = page.next_url is None
        moved = min(latest, datetime.now(UTC)) if latest and (is_last or is_ordered) else None
        receive_page(place.gateway, partner, type, page, cursor=_text(moved) if moved else None)
        if page.next_url is None or not turn.has_time_for_another(place.pace):
            return
        url = page.next_url
        if url in followed:
            raise AnswerUnreadable(f"{partner.name}: the next links of its pages of {type} lead in a circle")
        followed.add(url)


def lanes_of(partner: Partner) -> list[tuple[str, str, int]]:
    """(destination, key, seconds between runs) of the partner's polls, Patients first."""
    return [(f"{POLL}:{partner.name}", type, partner.poll_every_s) for type in partner.pulls]


def _moments(resources: Sequence[Any]) -> list[datetime]:
    """When each says it was last changed, in their order; what does not say so is left out."""
    moments = []
    for resource in resources:
        meta = resource.get("meta") if isinstance(resource, dict) else None
        text = meta.get("lastUpdated") if isinstance(meta, dict) else None
        try:
            moments.append(_moment(str(text)))
        except ValueError:
            continue
    return moments


def _moment(text: str) -> datetime:
    return FhirInstant.parse(text).earliest()


def _before(moment: datetime, seconds: float) -> datetime:
    try:
        return moment - timedelta(seconds=seconds)
    except OverflowError:  # the first moment that Python can say
        return moment


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


LANE = LaneWork(POLL, owner="operations", run=run)
