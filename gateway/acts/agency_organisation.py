"""Which partner stands behind an Organization resource, and the other way round, by identifier alone.

Several sources can hold a copy of one organisation. A partner acts for all that carry its identifier; what it
is granted is granted to one of them, the one it signs in as.
"""

from __future__ import annotations

from gateway.access.actors import HERE
from gateway.acts.gateway import Gateway
from gateway.fhir.identifiers import identifiers_of
from gateway.store.database import Transaction
from gateway.store.resources import find
from gateway.store.search import Query, search
from gateway.sync.partner import Partner

_ORGANIZATION = "Organization"


def signs_in_as(tx: Transaction, partner: Partner) -> str | None:
    """The id of the Organization a partner signs in as: one made here, else the oldest; None without any."""
    if partner.organisation is None:
        return None
    value = f"{_escaped(partner.organisation.system)}|{_escaped(partner.organisation.value)}"
    for source in (HERE, None):
        page = search(tx, Query.of(_ORGANIZATION, [("identifier", value)], count=1, source=source))
        if page.versions:
            return page.versions[0].id
    return None


def partner_behind(gateway: Gateway, tx: Transaction, organisation_id: str) -> Partner | None:
    """The partner whose identifier the Organization carries; None when there is none, or it is hidden."""
    organisation = find(tx, _ORGANIZATION, organisation_id)
    if organisation is None or organisation.deleted:
        return None
    carried = set(identifiers_of(organisation.resource))
    return next(
        (partner for partner in gateway.partners.values() if partner.organisation in carried),
        None,
    )


def _escaped(text: str) -> str:
    for sign in "\\", ",", "|", "$":
        text = text.replace(sign, f"\\{sign}")
    return text
