"""FHIR transaction: all entries are carried out, or none of them.

https://hl7.org/fhir/R4/http.html#transaction — a refusal names the entry, and every entry that cannot be
understood is named at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from flask import Response, g

from gateway.acts.bundle_refusals import in_entry
from gateway.acts.write_bundle import Placed, carry_out_together
from gateway.errors import GatewayError, Issue
from gateway.store.search import Query
from gateway.web import the_gateway
from gateway.web.fhir_api import replies
from gateway.web.fhir_api.admission import refuse_unserved
from gateway.web.fhir_api.bundle_answer import answered, response_bundle
from gateway.web.fhir_api.bundle_reading import Entry
from gateway.web.fhir_api.search_parameters import condition


def transaction(entries: Sequence[Entry]) -> Response:
    """A transaction-response with an answer for each entry, in their order."""
    steps = _steps(entries)
    answers = carry_out_together(
        the_gateway(), g.actor, steps, partial(_condition, base_url=replies.base_url())
    )
    told = (answered(given, placed.step.phase) for given, placed in zip(answers, steps, strict=True))
    return response_bundle("transaction", told)


def _steps(entries: Sequence[Entry]) -> list[Placed]:
    """The steps of all entries. Raises as the first that is refused, with the issues of all that are."""
    steps: list[Placed] = []
    refused: list[GatewayError] = []
    for position, entry in enumerate(entries):
        try:
            if isinstance(entry, GatewayError):
                raise entry
            steps.append(Placed(position, entry.step(), entry.asking.request.full_url))
        except GatewayError as error:
            refused.append(in_entry(error, position))
    if refused:
        first = refused[0]
        issues: list[Issue] = [issue for error in refused for issue in error.issues]
        raise type(first)(first.message, expression=first.expression, issues=issues)
    return steps


def _condition(type: str, criteria: str, *, base_url: str) -> Query:
    refuse_unserved(type)
    return condition(type, criteria, base_url=base_url)
