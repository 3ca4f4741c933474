"""What a push sends, chosen with the partner's own eyes: a creation, an update, or nothing.

Nothing is sent here; what will leave is audited before it does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gateway.acts.gateway import Gateway
from gateway.acts.id_spaces import IdSpaces, actor_of
from gateway.errors import PartnerRefused
from gateway.fhir.json_codec import Resource
from gateway.fhir.references import ReferenceKind, parse_reference, relative, walk
from gateway.fhir.subjects import patients_named
from gateway.mapping.overlays.partner_form import PartnerForm
from gateway.store import audit, ledger, resources
from gateway.store.database import Transaction
from gateway.store.ledger import Agreement
from gateway.store.versions import Version
from gateway.sync.merge import Side, merge
from gateway.sync.partner import Partner
from gateway.sync.translate import mark_of, marked


@dataclass(frozen=True, slots=True)
class Creation:
    """A resource that the partner does not hold yet, marked with our identifier."""

    version: Version
    resource: Resource
    mark: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Update:
    """What the partner holds, with what changed here since both agreed."""

    version: Version
    resource: Resource
    if_match: str | None


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing is sent, and why. `version` is what both now agree on, when there is something to agree on."""

    reason: str
    version: Version | None = None
    agreement: Agreement | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Targets of its references that the partner is to hold first."""

    references: tuple[str, ...]


Outgoing = Creation | Update | Nothing | Waiting


def choose(
    gateway: Gateway,
    partner: Partner,
    reference: str,
    *,
    awaits_targets: bool,
    awaits_unreceived: bool = False,
) -> Outgoing:
    """What is to be sent, chosen as the partner sees it; what will leave is audited before it does.

    awaits_unreceived   targets that their source has named but not yet sent us are waited for too: a plan is
                        often polled before the team that it names
    """
    named = parse_reference(reference)
    assert named.type is not None
    assert named.id is not None
    with gateway.database.transaction(actor_of(partner)) as tx:
        version = resources.find(tx, named.type, named.id) if named.type in partner.pushes else None
        if version is None:
            return Nothing("not for this partner")
        if version.deleted:
            return Nothing("deleted here")
        spaces = IdSpaces.of(gateway, tx, partner)
        agreement = ledger.theirs(tx, partner.name, version.type, version.id)
        if agreement is not None and agreement.their_body and agreement.our_version == version.version:
            return Nothing("both agree already")
        # Looked for before references are translated: what arrives in between is then translated right.
        books = spaces.tx.acting_as(gateway.self_actor) if awaits_unreceived else None
        missing = _missing_targets(gateway, spaces, version, books) if awaits_targets else ()
        if agreement is not None and agreement.their_body is not None:
            outgoing = _update(gateway, spaces, version, agreement)
        else:
            outgoing = _creation(gateway, spaces, version)
        if isinstance(outgoing, Creation | Update) and missing:
            return Waiting(missing)
        if isinstance(outgoing, Creation | Update):
            audit.record(tx, f"send {version.type}", [version.reference], detail=f"to {partner.name}")
    return outgoing


def _creation(gateway: Gateway, spaces: IdSpaces, version: Version) -> Outgoing:
    if version.type == "Patient":
        return Nothing("Patients are never created at a hospital")
    if not _is_creatable(spaces, version):
        return Nothing("the partner has no Patient of this person")
    sent = marked(spaces.to_theirs(_formed(gateway, spaces, version)), spaces.addresses, version.id)
    return Creation(version, sent, mark_of(version.type, version.id, spaces.addresses))


def _is_creatable(spaces: IdSpaces, version: Version) -> bool:
    """Whether the partner may be given a copy: never a Patient, and nothing about one that it has not."""
    named = patients_named(version.resource)
    return version.type != "Patient" and all(spaces.theirs_of("Patient", id) is not None for id in named)


def _formed(gateway: Gateway, spaces: IdSpaces, version: Version, held: Resource | None = None) -> Resource:
    """The resource as the partner's overlays say it; `held` is what the partner has of it, in our ids.

    Raises PartnerRefused when the overlays cannot express something that they do not say they lose: a person
    decides whether the rest may go without it.
    """
    form = PartnerForm.of(gateway.mappings, spaces.partner.overlays, version.type)
    if form is None:
        return version.resource
    sent = form.sent(version.resource, held)
    if sent.refused:
        told = "; ".join(f"{issue.expression}: {issue.text} ({issue.diagnostics})" for issue in sent.refused)
        raise PartnerRefused(f"{spaces.partner.name}: {version.reference} is not sent: {told}")
    return sent.resource


def _update(gateway: Gateway, spaces: IdSpaces, version: Version, agreement: Agreement) -> Outgoing:
    """Their own last body with what changed here: what they alone know stays, digit for digit."""
    theirs = agreement.their_resource
    assert theirs is not None
    base: Resource = {}
    if agreement.our_version is not None:
        books = spaces.tx.acting_as(gateway.self_actor)  # for comparison only
        before = resources.vread(books, version.type, version.id, agreement.our_version)
        base = _comparable(gateway, spaces, before, theirs)
    now = _comparable(gateway, spaces, version, theirs)
    merged = merge(Side(theirs, theirs), Side(base, now))
    if not merged.taken:
        return Nothing("nothing that the partner holds changed", version, agreement)
    form = PartnerForm.of(gateway.mappings, spaces.partner.overlays, version.type)
    sent = merged.resource if form is None else form.finished(merged.resource)
    return Update(version, sent, agreement.their_version)


def _comparable(gateway: Gateway, spaces: IdSpaces, version: Version, theirs: Resource) -> Resource:
    """Our version in their form and id space, with our mark on it exactly when theirs carries it."""
    held = spaces.to_ours(theirs) if spaces.partner.overlays else None
    translated = spaces.to_theirs(_formed(gateway, spaces, version, held))
    mark = mark_of(version.type, version.id, spaces.addresses)
    carried = [(item.get("system"), item.get("value")) for item in _identifiers(theirs)]
    return marked(translated, spaces.addresses, version.id) if mark in carried else translated


def _identifiers(resource: Resource) -> list[dict[str, Any]]:
    held = resource.get("identifier")
    return [item for item in held if isinstance(item, dict)] if isinstance(held, list) else []


def _missing_targets(
    gateway: Gateway, spaces: IdSpaces, version: Version, books: Transaction | None
) -> tuple[str, ...]:
    """References to things that this partner is to be sent, sees, and does not hold yet; each once.

    With `books`, which see everything, what nobody has received yet is missing too.

    Two that refer to one another do not wait for one another: the one whose reference sorts first goes first.
    """
    missing = []
    for _, holder in walk(_formed(gateway, spaces, version)):
        named = parse_reference(holder["reference"])
        if named.kind is not ReferenceKind.RELATIVE or named.type not in spaces.partner.pushes:
            continue
        assert named.id is not None
        if spaces.theirs_of(named.type, named.id) is None:
            target = resources.find(spaces.tx, named.type, named.id)
            if target is None and books is not None and resources.find(books, named.type, named.id) is None:
                missing.append(relative(named.type, named.id))
            if target is None or target.deleted or not _is_creatable(spaces, target):
                continue
            if not (version.reference <= target.reference and _refers_to(target, version.reference)):
                missing.append(target.reference)
    return tuple(dict.fromkeys(missing))


def _refers_to(version: Version, reference: str) -> bool:
    return any(holder["reference"] == reference for _, holder in walk(version.resource))
