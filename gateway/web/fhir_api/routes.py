"""The shape of a route of the FHIR API: which interaction it is, and the view that serves it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Response

from gateway.access.policy import Interaction, SystemInteraction
from gateway.web.doors import Door

__all__ = ["Route", "SystemInteraction"]


@dataclass(frozen=True, slots=True)
class Route:
    """One address and method below /fhir/R4.

    interaction  what the access policy is asked about, and what the CapabilityStatement declares
    also         a second one at the same address, which the body tells apart; its view asks the policy
    """

    method: str
    rule: str
    interaction: Interaction | SystemInteraction
    view: Callable[..., Response]
    door: Door = Door.KEY
    also: SystemInteraction | None = None

    @property
    def endpoint(self) -> str:
        """The route's name inside the blueprint: `read`, or `search-post`, the second way to search."""
        suffix = "-post" if self.rule.endswith("/_search") else ""
        within = "-compartment" if "<member_type>" in self.rule else ""
        criteria = "-by-criteria" if self.by_criteria else ""
        return f"{self.interaction.value}{within}{criteria}{suffix}"

    @property
    def by_criteria(self) -> bool:
        """Whether it writes what fits the criteria in the address, which names no id."""
        return self.method not in ("GET", "POST") and "<logical_id>" not in self.rule
