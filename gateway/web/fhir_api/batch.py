"""FHIR batch: every entry is carried out by itself, and what one is refused hurts no other.

https://hl7.org/fhir/R4/http.html#transaction — each is its own transaction, in the order of the entries. A
refusal leaves the same trace in the audit as that of a single request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flask import Response, g

from gateway.acts.bundle_refusals import placed
from gateway.acts.bundle_steps import refuse_another
from gateway.acts.refusal import record_refusal
from gateway.acts.write_bundle import carry_out_alone
from gateway.errors import DatabaseUnreachable, GatewayError
from gateway.store.versions import our_id
from gateway.web import the_gateway
from gateway.web.fhir_api.bundle_answer import answered, refused, response_bundle
from gateway.web.fhir_api.bundle_reading import Entry
from gateway.web.fhir_api.entries.kind import ID, TYPE
from gateway.web.outcomes import Told, surprise, told
from gateway.web.refusals import is_denied, is_refused
from gateway.web.request_log import log_failure


def batch(entries: Sequence[Entry]) -> Response:
    """A batch-response with an answer for each entry, in their order."""
    answers: list[bytes] = []
    away: DatabaseUnreachable | None = None
    for position, entry in enumerate(entries):
        try:
            if away is not None:  # each would wait for it in vain
                raise away
            refuse_another(sum(map(len, answers)))
            answers.append(_answer(entry))
        except GatewayError as error:
            away = error if isinstance(error, DatabaseUnreachable) else away
            if error.status >= 500:
                log_failure(error)
            telling = told(error)
            issues = tuple(placed(issue, position) for issue in telling.issues)
            answers.append(refused(_noted(entry, replace(telling, issues=issues))))
        except Exception as error:  # the entries before are written already: their sender must hear of it
            log_failure(error)
            answers.append(refused(surprise()))
    return response_bundle("batch", answers)


def _answer(entry: Entry) -> bytes:
    if isinstance(entry, GatewayError):
        raise entry
    step = entry.step()
    return answered(carry_out_alone(the_gateway(), g.actor, step), step.phase)


def _noted(entry: Entry, telling: Told) -> Told:
    """The refusal, once the audit has it; that it could not be recorded where the audit fails."""
    if not is_refused(telling.status):
        return telling
    action, target = "batch", None
    if not isinstance(entry, GatewayError):
        action, id = entry.action, entry.arguments.get(ID)
        target = f"{entry.arguments[TYPE]}/{id}" if our_id(id) is not None else None
    try:
        record_refusal(
            the_gateway(),
            g.actor,
            action,
            target,
            denied=is_denied(telling.status),
            reason=telling.issues[0].code,
        )
    except GatewayError as error:
        log_failure(error)
        return told(error)
    return telling
