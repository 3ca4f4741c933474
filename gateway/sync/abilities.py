"""What a partner's system can do, as observed: the core reads abilities, never a partner's name."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, post_load, validate
from marshmallow import fields as shape


@dataclass(frozen=True, slots=True)
class Observation:
    """The day an ability was seen (or seen missing) in the partner's system, and how."""

    seen: datetime.date
    evidence: str


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a partner's FHIR server does. Observed, not promised: config cites day and evidence of each.

    The defaults are the careful ones: an ability that nobody has seen is not relied upon.
    """

    version_aware_update: bool = False  # honours If-Match on PUT
    conditional_create: bool = False  # honours If-None-Exist by our identifier
    search_by_last_updated: bool = (
        True  # without it a partner cannot be polled by this version of the gateway
    )
    strict_handling: bool = False  # answers 400 to an unknown search parameter under Prefer: handling=strict
    keeps_decimal_digits: bool = False  # 1.10 comes back as 1.10
    observations: Mapping[str, Observation] = field(default_factory=dict)


ABILITY_NAMES: tuple[str, ...] = tuple(each.name for each in fields(Abilities) if each.name != "observations")


class _AbilitySchema(Schema):
    class Meta:
        unknown = RAISE

    value = shape.Boolean(required=True, truthy={True}, falsy={False})
    seen = shape.Date(required=True)
    evidence = shape.String(required=True, validate=validate.Length(min=3))


class AbilitiesSchema(Schema):
    """Reads the `abilities` of a partner file: each a mapping of `value`, `seen` (a date) and `evidence`.

    Loading gives `Abilities`; an unknown ability, or one without date and evidence, is a ValidationError.
    """

    class Meta:
        unknown = EXCLUDE  # the names are checked in `load`, so that the message can list the known ones

    @post_load(pass_original=True)
    def _observed(self, _: object, original: Mapping[str, Any], **__: object) -> Abilities:
        problems: dict[str, Any] = {}
        values: dict[str, bool] = {}
        observations: dict[str, Observation] = {}
        for name, entry in original.items():
            if name not in ABILITY_NAMES:
                problems[name] = [f"is no ability; known are {', '.join(ABILITY_NAMES)}"]
                continue
            try:
                seen = _AbilitySchema().load(_with_date_as_text(entry))
            except ValidationError as error:
                problems[name] = error.messages
                continue
            values[name] = seen["value"]
            observations[name] = Observation(seen["seen"], seen["evidence"])
        if problems:
            raise ValidationError(problems)
        return Abilities(**values, observations=observations)


def _with_date_as_text(entry: object) -> Any:
    """YAML reads 2026-11-22 as a date already; marshmallow reads dates from text."""
    if isinstance(entry, Mapping) and isinstance(entry.get("seen"), datetime.date):
        return {**entry, "seen": entry["seen"].isoformat()}
    return entry
