"""Names of resource types as settings give them: those of R4, and those that can be switched on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from gateway.access.policy import NEVER_SERVED, TABLE
from gateway.fhir.resource_types import R4_TYPES
from gateway.mapping.problems import did_you_mean


class ResourceType(fields.String):
    """The name of a resource type of R4."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        if text not in R4_TYPES:
            raise ValidationError(f"{text!r} is no resource type of R4{did_you_mean(text, R4_TYPES)}")
        return text


class FurtherType(ResourceType):
    """A resource type that the FHIR API can serve: the access policy says who may do what with it."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        type = super()._deserialize(value, attr, data, **kwargs)
        if type in NEVER_SERVED:
            raise ValidationError(f"a {type} can never be served: {NEVER_SERVED[type]}")
        if type not in TABLE:
            raise ValidationError(
                f"a {type} cannot be served: the access policy does not say who may do what with it"
            )
        return type
