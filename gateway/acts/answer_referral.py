"""What comes back from whoever a referral was offered to: every door an answer can come through ends here.

An agency's own system (FHIR update), its signed message (webhook), or a coordinator who writes down what was
said on the phone: the same rules, one transaction, one audit row. Receipts and time come through here too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gateway.access.agency_view import agency_view, answered_list
from gateway.access.policy import Interaction, gate
from gateway.acts.asked_move import Asked
from gateway.acts.gateway import Gateway
from gateway.acts.held_referral import (
    HeldReferral,
    hold_referral,
    parties_of,
    said,
    write_evidence,
    write_moved,
)
from gateway.acts.referral_grants import may_see_also, sees_no_more
from gateway.acts.referral_outcomes import with_appointment
from gateway.care.referral import CLOSED, Move, State
from gateway.care.referral_change import Moved, make_move
from gateway.care.referral_legs import (
    TASK_STATUSES,
    contradicts_itself,
    last_leg,
    leg_state,
    moves_now,
    open_leg,
)
from gateway.errors import IllegalMove, NotFound, PreconditionFailed
from gateway.fhir.compare import changed_elements
from gateway.fhir.json_codec import Resource
from gateway.fhir.references import ReferenceKind, parse_reference, walk
from gateway.store import audit, resources
from gateway.store.database import Transaction
from gateway.store.shown import followed
from gateway.store.versions import Version

# What an agency may say in an update of its Task. All else was agreed when it was asked.
_ANSWERED_WITH: Final = frozenset(
    {"status", "statusReason", "businessStatus", "lastModified", "executionPeriod", "note", "output"}
    | {"meta", "text"}
)
_MOVE_TO: Final[Mapping[State, Move]] = {
    State.ACCEPTED: Move.ACCEPT,
    State.REJECTED: Move.DECLINE,
    State.SCHEDULED: Move.SCHEDULE,
    State.NO_SHOW: Move.NO_SHOW,
    State.IN_PROGRESS: Move.START,
    State.ON_HOLD: Move.HOLD,
    State.COMPLETED: Move.COMPLETE,
    State.FAILED: Move.FAIL,
    State.CANCELLED: Move.CANCEL,
}


def answer(held: HeldReferral, asked: Asked) -> list[Version]:
    """The versions written by a move of the leg's owner, its evidence included.

    The leg is the one that `asked` names, else the one that is open. Raises IllegalMove.
    """
    tasks = held.tasks
    leg = held.leg_named(asked.leg, tasks) or open_leg(tasks) or last_leg(tasks)
    parties = parties_of(held, leg)
    make_move(held.request, tasks, leg, asked.move, parties, said(held, asked))  # refuses before it writes
    evidence, outputs, appointment = write_evidence(held, asked, leg)
    moved = make_move(held.request, tasks, leg, asked.move, parties, said(held, asked, outputs))
    if leg is not None and appointment is not None:
        moved = _naming(moved, leg, appointment.reference)
    written = write_moved(held, moved, asked)
    if leg is not None:
        _settle(held, moved, leg, evidence)
    return [*evidence, *written]


def received(gateway: Gateway, tx: Transaction, referral_id: str, leg_id: str) -> None:
    """The leg is received: the agency's system has it. Does nothing when it was answered before the receipt.

    Runs inside the caller's transaction, so that the receipt and what it means commit together.
    """
    held = hold_referral(gateway, tx.acting_as(gateway.self_actor), referral_id)
    _by_gateway(held, leg_id, Move.RECEIVE)


def expire(gateway: Gateway, tx: Transaction, referral_id: str, leg_id: str) -> None:
    """The leg is expired: nobody moved it in time. Does nothing when it was closed before.

    Runs inside the caller's transaction.
    """
    held = hold_referral(gateway, tx.acting_as(gateway.self_actor), referral_id)
    _by_gateway(held, leg_id, Move.EXPIRE, reason="no response by the promised time")


def answer_by_task(gateway: Gateway, tx: Transaction, task: Resource, *, if_match: int) -> Version:
    """The Task after an agency's update of it, which is the move that its change of status says.

    Raises NotFound, PreconditionFailed when the Task is no longer at version `if_match`, and IllegalMove when
    the rules refuse the move or anything but an answer was changed: who asks whom, and for what, stays.
    """
    gate(tx.actor, Interaction.UPDATE, "Task")
    stored = resources.read(tx, "Task", str(task.get("id")))
    focus = parse_reference(str((stored.resource.get("focus") or {}).get("reference", "")))
    if focus.type != "ServiceRequest" or focus.id is None:
        raise NotFound(f"{stored.reference} belongs to no referral")
    held = hold_referral(gateway, tx, focus.id)
    now = next((version for version in held.parts.others if version.id == stored.id), None)
    if now is None:
        raise NotFound(f"{stored.reference} is no leg of a referral")
    if now.version != if_match:
        raise PreconditionFailed(
            f"{now.reference} is at version {now.version}, not {if_match}: read it, then answer again"
        )
    written = _answered(held, now.resource, task)
    audit.record(tx, "answer referral", [held.parts.root.reference, *(it.reference for it in written)])
    answered = next((it for it in written if it.reference == now.reference), None)
    return answered or resources.read(tx, "Task", stored.id)


def _answered(held: HeldReferral, stored: Resource, task: Resource) -> list[Version]:
    follows = followed(held.asking, [stored]).__contains__
    before = agency_view(stored, follows)  # what the agency answers is what it was shown
    changed = changed_elements(before, task) - {"id", "resourceType"}
    if refused := sorted(changed - _ANSWERED_WITH):
        raise IllegalMove(
            f"An answer cannot change {', '.join(refused)}: who asks whom, and for what, was agreed when the"
            f" referral was sent. Change only {', '.join(sorted(_ANSWERED_WITH - {'meta', 'text'}))}.",
            expression=f"Task.{refused[0]}",
        )
    _refuse_unclear(task, changed)
    _refuse_unknown_references(held, before, task)
    after, was = leg_state(task), leg_state(before)
    leg = next(item for item in held.tasks if item["id"] == before["id"])
    added: Resource = {
        name: answered_list(stored.get(name) or [], task[name], follows)
        if name != "executionPeriod"
        else task[name]
        for name in ("note", "output", "executionPeriod")
        if name in task
    }
    kept: Resource = {**leg, **added}
    tasks = [kept if item["id"] == kept["id"] else item for item in held.tasks]
    if after is was:  # nothing was moved: a note or a result was added
        return write_moved(held, Moved(held.request, tuple(tasks)), Asked(Move.ACCEPT))
    move = _move_said(held, kept, tasks, after)
    reason = task.get("statusReason") or {}
    asked = Asked(move, next(iter(reason.get("coding", ())), {}), reason.get("text", ""))
    moved = make_move(held.request, tasks, kept, move, parties_of(held, leg), said(held, asked))
    written = write_moved(held, moved, asked)
    _settle(held, moved, leg, [])
    return written


def _refuse_unclear(task: Resource, changed: frozenset[str]) -> None:
    """An answer that says nothing we know, or two things at once, would move nothing and look accepted."""
    if task.get("status") not in TASK_STATUSES:
        raise IllegalMove(f"status must be one of: {', '.join(TASK_STATUSES)}.", expression="Task.status")
    if "businessStatus" in changed and contradicts_itself(task):
        raise IllegalMove(
            "businessStatus says something else than status: change status, and businessStatus to its detail"
            " or not at all.",
            expression="Task.businessStatus",
        )


def _refuse_unknown_references(held: HeldReferral, before: Resource, task: Resource) -> None:
    """What an answer newly names must be something that its agency can see here: nothing else is followed."""
    known = {holder["reference"] for _, holder in walk(before)}
    for path, holder in walk(task):
        reference = parse_reference(holder["reference"])
        if reference.text in known:
            continue
        local = reference.kind is ReferenceKind.RELATIVE and reference.type and reference.id
        if not local or resources.find(held.asking, str(reference.type), str(reference.id)) is None:
            raise IllegalMove("An answer can name only what this agency sees here.", expression=path)


def _move_said(held: HeldReferral, leg: Resource, tasks: list[Resource], after: State) -> Move:
    if leg_state(leg) is State.ON_HOLD and after is State.IN_PROGRESS:
        return Move.RESUME
    move = _MOVE_TO.get(after)
    if move is None:
        possible = ", ".join(moves_now(held.request, tasks, leg, parties_of(held, leg))) or "nothing"
        raise IllegalMove(
            f"An answer cannot make this referral '{after}'; possible now: {possible}.",
            expression="Task.status",
        )
    return move


def _by_gateway(held: HeldReferral, leg_id: str, move: Move, reason: str = "") -> None:
    tasks = held.tasks
    leg = held.leg_named(leg_id, tasks)
    parties = parties_of(held, leg)
    if move not in moves_now(held.request, tasks, leg, parties):
        return
    asked = Asked(move, reason_text=reason)
    moved = make_move(held.request, tasks, leg, move, parties, said(held, asked))
    written = write_moved(held, moved, asked)
    if leg is not None:
        _settle(held, moved, leg, [])
    references = [held.parts.root.reference, *(version.reference for version in written)]
    audit.record(held.tx, f"{move} referral", references)


def _naming(moved: Moved, leg: Mapping[str, Any], appointment: str) -> Moved:
    tasks = [with_appointment(dict(it), appointment) if it["id"] == leg["id"] else it for it in moved.tasks]
    return Moved(moved.request, tuple(tasks))


def _settle(held: HeldReferral, moved: Moved, leg: Mapping[str, Any], evidence: list[Version]) -> None:
    """Who sees what after the answer: what was reported joins; a leg closed without its work is over.

    Whoever completed a referral goes on seeing it: what was done may have to be corrected.
    """
    state = next(leg_state(task) for task in moved.tasks if task["id"] == leg["id"])
    if state in CLOSED - {State.COMPLETED}:
        sees_no_more(held, leg)
    else:
        may_see_also(held, leg, [version.reference for version in evidence])
