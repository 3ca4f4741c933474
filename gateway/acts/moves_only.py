"""A referral made here changes by its moves, whoever writes its resources through the FHIR door.

A status set past the rules would leave grants open, deliveries waiting and an agency untold.
"""

from __future__ import annotations

from gateway.acts.reconcile import REFERRAL_MOVES
from gateway.acts.record_view import REFERRAL_NUMBER_SYSTEM
from gateway.care.referral_legs import is_leg
from gateway.errors import IllegalMove
from gateway.fhir.compare import changed_elements
from gateway.fhir.identifiers import Identifier, identifiers_of
from gateway.fhir.json_codec import Resource
from gateway.fhir.references import ReferenceKind, parse_reference
from gateway.store import resources
from gateway.store.database import Transaction


def refuse_moving(tx: Transaction, before: Resource, after: Resource) -> None:
    """Nothing when the update describes the referral better. Raises IllegalMove when it would move it."""
    if not _is_moved(tx, before):
        return
    moved = changed_elements(before, after) & REFERRAL_MOVES[before["resourceType"]]
    if _numbers(before) != _numbers(after):
        moved |= {"identifier"}
    if moved:
        raise IllegalMove(
            f"{', '.join(sorted(moved))} of a referral change by its moves only:"
            " POST /api/referrals/{id}/<move>.",
            expression=f"{before['resourceType']}.{min(moved)}",
        )


def refuse_new_leg(tx: Transaction, resource: Resource) -> None:
    """Nothing unless the resource would be a leg of a referral made here. Raises IllegalMove then."""
    if resource["resourceType"] == "Task" and _is_moved(tx, resource):
        raise IllegalMove(
            "A leg of a referral is made by sending it: POST /api/referrals/{id}/send or …/reassign.",
            expression="Task.focus",
        )


def refuse_deleting(tx: Transaction, before: Resource) -> None:
    """Nothing unless the resource is a referral made here, or its leg. Raises IllegalMove then."""
    if _is_moved(tx, before):
        raise IllegalMove(
            "A referral is not deleted: use POST /api/referrals/{id}/cancel or …/enter-in-error."
        )


def _is_moved(tx: Transaction, resource: Resource) -> bool:
    """Whether it is a request with a referral number of ours, or a leg of one."""
    if resource["resourceType"] == "ServiceRequest":
        return bool(_numbers(resource))
    if resource["resourceType"] != "Task" or not is_leg(resource):
        return False
    focus = resource.get("focus")
    about = parse_reference(str(focus.get("reference", "")) if isinstance(focus, dict) else "")
    if about.kind is not ReferenceKind.RELATIVE or about.type != "ServiceRequest" or about.id is None:
        return False
    request = resources.find(tx, about.type, about.id)
    return request is not None and not request.deleted and bool(_numbers(request.resource))


def _numbers(request: Resource) -> frozenset[Identifier]:
    return frozenset(it for it in identifiers_of(request) if it.system == REFERRAL_NUMBER_SYSTEM)
