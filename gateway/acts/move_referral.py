"""Moving a referral: the one act behind POST /api/referrals/{id}/<move> and an agency's signed message.

Whatever the move, it is one transaction and one audit row, and it is answered with the referral as the asking
actor sees it now.
"""

from __future__ import annotations

from gateway.access.actors import Actor
from gateway.access.policy import Interaction, gate
from gateway.acts.answer_referral import answer
from gateway.acts.asked_move import Asked
from gateway.acts.gateway import Gateway
from gateway.acts.held_referral import HeldReferral, hold_referral, parties_of, said, write_moved
from gateway.acts.once import Once, remember, replayed
from gateway.acts.record_parts import Parts, collect
from gateway.acts.record_view import Shown, show, show_all
from gateway.acts.referral_grants import sees_no_more
from gateway.acts.send_referral import reassign, send, tell_that_it_is_over
from gateway.care.referral import CLOSED, Move, Party, State
from gateway.care.referral_change import make_move
from gateway.care.referral_legs import last_leg, leg_state, open_leg, state_after
from gateway.fhir.references import walk
from gateway.records import RECORDS
from gateway.store import audit, resources
from gateway.store.database import Transaction
from gateway.store.shown import shown_to
from gateway.store.versions import Version

_BY_REQUESTER = frozenset({Move.CANCEL, Move.ENTER_IN_ERROR})


def move_referral(
    gateway: Gateway,
    actor: Actor,
    referral_id: str,
    asked: Asked,
    *,
    if_match: str | None = None,
    once: Once | None = None,
) -> Shown:
    """The referral after the move, as the actor sees it.

    Raises NotFound, PreconditionFailed when it is no longer as `if_match` (an ETag) says, IllegalMove naming
    the moves that are possible now, RecordInvalid when what was said with the move does not fit.
    """
    gate(actor, Interaction.UPDATE, "Task")
    with gateway.database.transaction(actor) as tx:
        if (kept := replayed(tx, once, RECORDS["referral"].root)) is not None:
            return kept
        return remember(tx, once, moved_in(gateway, tx, referral_id, asked, if_match=if_match))


def moved_in(
    gateway: Gateway, tx: Transaction, referral_id: str, asked: Asked, *, if_match: str | None = None
) -> Shown:
    """The same inside a transaction that holds more than the move, such as the message that asked for it."""
    held = hold_referral(gateway, tx, referral_id, if_match)
    seen = collect(tx, RECORDS["referral"], referral_id)
    written = _moved(held, asked)
    references = dict.fromkeys([held.parts.root.reference, *(version.reference for version in written)])
    audit.record(tx, f"{asked.move} referral", references)
    if resources.find(tx, RECORDS["referral"].root, referral_id) is None:
        return _last_look(gateway, held, seen, written)
    return show(gateway, tx, collect(tx, RECORDS["referral"], referral_id))


def _last_look(gateway: Gateway, held: HeldReferral, seen: Parts, written: list[Version]) -> Shown:
    """What an agency left behind that closed its leg and sees no more of it; without the events.

    It is shown with the references that it could follow until then, and those to what it just reported.
    """
    parts = collect(held.tx, RECORDS["referral"], held.parts.root.id)
    theirs = [parts.root, *(leg for leg in parts.others if leg.reference in seen.references)]
    named = {holder["reference"] for version in seen.versions for _, holder in walk(version.resource)}
    also = frozenset({*named, *(version.reference for version in written)})
    root, *legs = shown_to(held.asking, theirs, also)
    [record] = show_all(gateway, held.tx, [left := Parts(parts.kind, root, tuple(legs))])
    return Shown(parts.root.id, record, left.etag)


def _moved(held: HeldReferral, asked: Asked) -> list[Version]:
    match asked.move:
        case Move.SEND:
            return send(held, asked)
        case Move.REASSIGN:
            return reassign(held, asked)
        case move if move in _BY_REQUESTER and _asks_as_requester(held, asked):
            return _withdrawn(held, asked)
        case _:
            return answer(held, asked)


def _asks_as_requester(held: HeldReferral, asked: Asked) -> bool:
    """Whether it is the requester's word; a coordinator's `cancel` after a recall is the agency's answer."""
    leg = open_leg(held.tasks)
    recalled = leg is not None and leg_state(leg) is State.CANCEL_REQUESTED
    requester = Party.REQUESTER in parties_of(held, leg)
    return requester and (asked.move is Move.ENTER_IN_ERROR or not recalled)


def _withdrawn(held: HeldReferral, asked: Asked) -> list[Version]:
    """The requester takes it back: at once where nobody has it, as a request where somebody does."""
    tasks = held.tasks
    leg = open_leg(tasks) or last_leg(tasks)
    parties = parties_of(held, leg)
    after = state_after(held.request, tasks, leg, asked.move, parties)
    if leg is not None and leg_state(leg) not in CLOSED:
        tell_that_it_is_over(held, leg)
    moved = make_move(held.request, tasks, leg, asked.move, parties, said(held, asked))
    written = write_moved(held, moved, asked)
    if after in CLOSED:
        for task in tasks:
            sees_no_more(held, task)
    return written
