"""Code tables: our word for each FHIR code, and the FHIR code we write for each of our words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.mapping.codecs.codec import Leaf
from gateway.mapping.terminology import Translation
from gateway.mapping.values import MISSING


@dataclass(frozen=True, slots=True)
class Codes(Leaf):
    """A table that is a function when read; of several FHIR codes for one word, one is written.

    translation   the ConceptMap that the table comes from, which knows what is lost
    places        file and line of each FHIR code, where the table stands in a file
    """

    ours_of: Mapping[str, str | bool]
    theirs_of: Mapping[str | bool, str]
    translation: Translation | None = None
    places: Mapping[str, tuple[str, int]] = field(default_factory=dict, compare=False, repr=False)

    def read(self, value: Any) -> Any:
        """See Codec."""
        return self.ours_of.get(value) if isinstance(value, str) else None

    def write(self, value: Any, old: Any) -> Any:
        """See Codec."""
        return self.theirs_of.get(value, MISSING) if isinstance(value, str | bool) else MISSING

    def lossy_in(self, value: Any) -> str:
        """What reading this code loses, in a sentence; nothing when it is exact."""
        return self.translation.lossy_in.get(str(value), "") if self.translation else ""

    def lossy_out(self, value: Any) -> str:
        """What writing this word loses, in a sentence; nothing when it is exact."""
        return self.translation.lossy_out.get(str(value), "") if self.translation else ""
