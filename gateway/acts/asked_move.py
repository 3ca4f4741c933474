"""What somebody asks for when they move a referral: the body of a move, whichever door it came through.

Every problem of a body is told at once. A code may be given as a Coding, or as the bare word of our own code
system, which is what a small agency has.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validates_schema

from gateway.care.referral import Move
from gateway.errors import Issue, RecordInvalid
from gateway.fhir.dates import FhirDateTime
from gateway.fhir.systems import CODE_SYSTEMS
from gateway.records.scalars import InstantText, RecordId, ReferenceText, Text
from gateway.records.shapes import Coding, Shape, many

REASON_SYSTEM: Final = f"{CODE_SYSTEMS}referral-reason"
OUTCOME_SYSTEM: Final = f"{CODE_SYSTEMS}referral-outcome"
_REQUIRED: Final = "is required"
_FIELD_NAME: Final = re.compile(r"[a-z][a-z_]{0,39}")


class CodingOrWord(fields.Field[Any]):
    """A Coding, or one word that stands for a code of `system`."""

    def __init__(self, system: str, **kwargs: Any) -> None:
        self.system = system
        word = {"type": "string", "description": f"a code of {system}"}
        super().__init__(metadata={"oneOf": [word, {"type": "object"}]}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, Any]:
        if isinstance(value, str) and value.strip() and " " not in value:
            return {"system": self.system, "code": value}
        if not isinstance(value, Mapping):
            raise ValidationError("must be a code as one word, or an object {system, code, display}")
        problems = Coding().validate(value)
        if problems:
            raise ValidationError(problems)
        return {name: said for name, said in value.items() if said is not None}


class OutcomeBody(Shape):
    """What came of the referral: a kind and words, a code, or a reference to a resource that shows it."""

    kind = CodingOrWord(OUTCOME_SYSTEM)
    text = Text()
    code = CodingOrWord(OUTCOME_SYSTEM)
    resource = ReferenceText()

    @validates_schema
    def _says_something(self, data: Mapping[str, Any], **_: Any) -> None:
        if not data:
            raise ValidationError("say what came of it: kind, text, code or resource", "text")


class AppointmentBody(Shape):
    """When somebody is expected: from, until, and a word on where."""

    starts_at = InstantText(required=True)
    ends_at = InstantText(required=True)
    text = Text()

    @validates_schema
    def _ends_after_it_starts(self, data: Mapping[str, Any], **_: Any) -> None:
        starts, ends = (FhirDateTime.parse(data[name]).earliest() for name in ("starts_at", "ends_at"))
        if ends <= starts:
            raise ValidationError("must be later than starts_at", "ends_at")


class MoveBody(Shape):
    """What may be said with any move of a referral; each move uses what it needs.

    `at` is when it happened (default: now); `by` who said so, when somebody else writes it down.
    """

    reason_code = CodingOrWord(REASON_SYSTEM)
    reason_text = Text(metadata={"description": "Why, in words."})
    at = InstantText(metadata={"description": "When it happened, RFC 3339 with its zone; now when left out."})
    by = Text(metadata={"description": "Who said so, when somebody else writes it down."})
    appointment = fields.Nested(AppointmentBody)
    outcomes = many(OutcomeBody, metadata={"description": "What came of it; with complete and fail."})
    organisation = RecordId(
        "organisation", metadata={"description": "Id of whom it goes to; with send and reassign."}
    )
    service = RecordId(
        "service", metadata={"description": "Id of their HealthcareService; with send and reassign."}
    )
    answer_by = InstantText(
        metadata={
            "description": "By when they should answer, RFC 3339 with its zone; with send and reassign."
        }
    )
    leg = RecordId(
        "leg", metadata={"description": "Id of the leg that is meant; the open one when left out."}
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """A move that is asked for, and what was said with it; what was not said is empty."""

    move: Move
    reason_code: dict[str, Any] = field(default_factory=dict)
    reason_text: str = ""
    at: str | None = None
    by: str = ""
    appointment: Mapping[str, str] | None = None
    outcomes: tuple[Mapping[str, Any], ...] = ()
    organisation: str | None = None
    service: str | None = None
    answer_by: str | None = None
    leg: str | None = None


# What a move cannot do without, and what only one kind of move understands.
_NEEDS: Final[Mapping[Move, str]] = {Move.REASSIGN: "organisation"}
_ONLY_WITH: Final[Mapping[str, frozenset[Move]]] = {
    "appointment": frozenset({Move.SCHEDULE}),
    "outcomes": frozenset({Move.COMPLETE, Move.FAIL}),
    "organisation": frozenset({Move.SEND, Move.REASSIGN}),
    "service": frozenset({Move.SEND, Move.REASSIGN}),
    "answer_by": frozenset({Move.SEND, Move.REASSIGN}),
}


def read_move(move: Move, body: Mapping[str, Any]) -> Asked:
    """The move that a JSON body asks for. Raises RecordInvalid with every problem and its place."""
    said = {name: value for name, value in body.items() if value is not None}
    issues = list(_schema_issues(said)) + list(_fit_issues(move, said))
    if issues:
        raise RecordInvalid("The move cannot be read.", issues=issues)
    loaded: dict[str, Any] = MoveBody().load(said)
    return Asked(move, **loaded | {"outcomes": tuple(loaded.get("outcomes", ()))})


def _schema_issues(body: Mapping[str, Any]) -> list[Issue]:
    messages = MoveBody().validate(body)
    return [
        Issue("error", "required" if text == _REQUIRED else "invalid", text, path)
        for path, text in _flat("", messages)
    ]


def _flat(path: str, messages: Any) -> list[tuple[str, str]]:
    if isinstance(messages, Mapping):
        return [found for key, below in messages.items() for found in _flat(_joined(path, key), below)]
    return [(path, _worded(path, str(message))) for message in messages]


def _joined(path: str, key: object) -> str:
    if isinstance(key, int):
        return f"{path}[{key}]"
    if _FIELD_NAME.fullmatch(str(key)) is None:
        return path  # any other text may be what somebody is called, or their number
    return f"{path}.{key}" if path else str(key)


def _worded(path: str, message: str) -> str:
    if message == fields.Field.default_error_messages["required"]:
        return _REQUIRED
    if message != Schema.error_messages.get("unknown", "Unknown field."):
        return message
    near = difflib.get_close_matches(path.rpartition(".")[2], _NAMES, n=1)
    return f"unknown field; did you mean {near[0]!r}?" if near else "unknown field"


def _fit_issues(move: Move, said: Mapping[str, Any]) -> list[Issue]:
    issues = [
        Issue("error", "business-rule", f"means nothing with {move!s}; it belongs to {_listed(moves)}", name)
        for name, moves in _ONLY_WITH.items()
        if name in said and move not in moves
    ]
    needed = _NEEDS.get(move)
    if needed is not None and needed not in said:
        issues.append(Issue("error", "required", f"is required to {move!s}", needed))
    return issues


def _listed(moves: frozenset[Move]) -> str:
    return " and ".join(sorted(moves))


_NAMES: Final = tuple(
    name for schema in (MoveBody, OutcomeBody, AppointmentBody) for name in schema._declared_fields
)
