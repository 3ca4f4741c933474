"""What R4 says of searching: its search parameters and its compartments, as in the facts file.

Source: https://hl7.org/fhir/R4/searchparameter.html, https://hl7.org/fhir/R4/compartmentdefinition.html
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Component(Struct, frozen=True):
    """One part of a composite parameter: the parameter it is made of, and where it looks."""

    definition: str
    expression: str


class SearchParameter(Struct, frozen=True, omit_defaults=True):
    """One search parameter. `base` are the types that it searches, `targets` those that it points at.

    An empty expression is a parameter that servers answer by other means (`_text`, `_content`, `_query`).
    """

    id: str
    code: str
    type: str
    base: tuple[str, ...]
    expression: str = ""
    targets: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()
    comparators: tuple[str, ...] = ()
    modifiers: tuple[str, ...] = ()
    multiple_or: bool | None = None
    multiple_and: bool | None = None

    @property
    def url(self) -> str:
        """Its canonical."""
        return f"http://hl7.org/fhir/SearchParameter/{self.id}"


class Compartment(Struct, frozen=True):
    """The resources of one patient, encounter, …: by type, the search parameters that lead to it.

    A type without parameters is never in the compartment; `{def}` is the resource itself.
    """

    type: str
    members: Mapping[str, tuple[str, ...]]
