"""The facts of FHIR R4 (4.0.1): elements, codes, invariants, extensions, searches. Data only, no prose.

    from gateway.conformance.facts import r4

    r4().element("CarePlan.activity.detail.scheduledPeriod.start").types    # ("dateTime",)
    r4().required_codes(r4().element("CarePlan.status"))                    # frozenset({"draft", …})

`r4.json` is written by `make definitions` (gateway/conformance/distil) from the R4 core package, and ships.
"""

from __future__ import annotations

from gateway.conformance.facts.elements import (
    Binding,
    Element,
    ExtensionFacts,
    Invariant,
    Kind,
    Strength,
    TypeFacts,
)
from gateway.conformance.facts.facts import Codes, Facts, r4
from gateway.conformance.facts.searching import Compartment, Component, SearchParameter

__all__ = [
    "Binding",
    "Codes",
    "Compartment",
    "Component",
    "Element",
    "ExtensionFacts",
    "Facts",
    "Invariant",
    "Kind",
    "SearchParameter",
    "Strength",
    "TypeFacts",
    "r4",
]
