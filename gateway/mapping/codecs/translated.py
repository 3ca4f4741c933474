"""A CodeableConcept whose code is translated between our code system and a partner's."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gateway.mapping.codecs.codec import Part
from gateway.mapping.codecs.concepts import Concept
from gateway.mapping.terminology import Translation
from gateway.mapping.values import MISSING, tidy


class Unmatched(StrEnum):
    """What becomes of a code that the ConceptMap gives no partner, or none that tells it exactly."""

    ERROR = "error"
    CARRY = "carry"
    TEXT_ONLY = "text-only"


@dataclass(frozen=True, slots=True)
class TranslatedConcept(Concept):
    """Their code in FHIR, ours in the record as {system, code, display}.

    With `carry` our own coding rides along wherever theirs would not tell which code of ours it was, and is
    believed as long as theirs still is one of its partners; codes that the map does not know pass as they
    are.
    """

    translation: Translation | None = None
    unmatched: Unmatched = Unmatched.ERROR

    @property
    def table(self) -> Translation:
        """The two tables."""
        assert self.translation is not None, "made by the reader of `codes` only"
        return self.translation

    def read(self, value: Any) -> Any:
        """See Codec."""
        index = self._seen(value)
        if index is None:
            return self._read_text(value)
        coding = value["coding"][index]
        if coding.get("system") == self.table.ours:
            return _shown(coding)
        if coding.get("system") != self.table.theirs or coding["code"] not in self.table.ours_of:
            return _shown(coding)
        return self._ours(self.table.ours_of[coding["code"]])

    def write(self, value: Any, old: Any) -> Any:
        """See Codec."""
        value = tidy(value)
        if Concept(text_is_mapped=self.text_is_mapped).write(value, MISSING) is MISSING:
            return MISSING
        codings = self._codings(value)
        gone = ("coding",) if self.text_is_mapped else ("coding", "text", "_text")
        held = (
            {name: child for name, child in old.items() if name not in gone} if isinstance(old, dict) else {}
        )
        concept = {**held, "coding": codings} if codings else {**held, **self._text_for(value)}
        shown = self.read(concept)
        return concept if shown is not None and self._is_expected(shown, value) else MISSING

    def parts(self, value: Any) -> tuple[Part, ...]:
        """See Codec."""
        index = self._seen(value)
        if index is None:
            return (("text",),)
        names = ("system", "code", "display")
        used = [index] if index is not None else []
        used += [number for number in self._positions(value, self.table.theirs) if number not in used]
        return tuple(
            ("coding", number, name) for number in used for name in names if name in value["coding"][number]
        )

    def lossy_in(self, value: Any) -> str:
        """What reading this concept loses, in a sentence; nothing when it is exact."""
        index = self._seen(value)
        coding = {} if index is None else value["coding"][index]
        theirs = coding.get("system") == self.table.theirs
        return self.table.lossy_in.get(str(coding.get("code")), "") if theirs else ""

    def lossy_out(self, value: Any) -> str:
        """What writing this value loses, in a sentence; nothing when it is exact or rides along."""
        if not isinstance(value, dict) or value.get("system") != self.table.ours:
            return ""
        code = str(value.get("code"))
        lost = self.table.lossy_out.get(code, "")
        if self.unmatched is Unmatched.CARRY and (lost or code in self.table.unmatched):
            return ""
        display = value.get("display")
        if not lost and display is not None and display != self.table.our_displays.get(code):
            return f"{code!r} is written without the record's own display, and reads with the ConceptMap's"
        return lost

    def _seen(self, value: Any) -> int | None:
        """The coding that the record shows: ours that rides along and fits, else theirs, else (carry) any."""
        ours, theirs = (self._positions(value, system) for system in (self.table.ours, self.table.theirs))
        known = [number for number in theirs if value["coding"][number]["code"] in self.table.ours_of]
        for number in ours:
            targets = self.table.targets.get(value["coding"][number]["code"], ())
            if not theirs or any(value["coding"][place]["code"] in targets for place in theirs):
                return number
        if known or self.unmatched is not Unmatched.CARRY:
            return next(iter(known), None)
        return next(iter(self._positions(value, None)), None)

    def _positions(self, value: Any, system: str | None) -> list[int]:
        codings = value.get("coding") if isinstance(value, dict) else None
        return [
            number
            for number, coding in enumerate(codings if isinstance(codings, list) else [])
            if isinstance(coding, dict) and isinstance(coding.get("code"), str)
            if system is None or coding.get("system") == system
        ]

    def _codings(self, value: dict[str, Any]) -> list[dict[str, Any]]:
        code, system = value["code"], value.get("system")
        if system != self.table.ours:
            return [value] if self.unmatched is Unmatched.CARRY else []
        theirs = self.table.theirs_of.get(code)
        codings: list[dict[str, Any]] = []
        if theirs is not None:
            display = self.table.their_displays.get(theirs)
            codings.append({"system": self.table.theirs, "code": theirs, **_display(display)})
        if self.unmatched is Unmatched.CARRY and (theirs is None or code in self.table.lossy_out):
            codings.append(value)
        return codings

    def _text_for(self, value: dict[str, Any]) -> dict[str, Any]:
        code = value["code"]
        if (
            self.unmatched is not Unmatched.TEXT_ONLY
            or self.text_is_mapped
            or code not in self.table.unmatched
        ):
            return {}
        return {"text": self.table.our_displays.get(code, code)}

    def _read_text(self, value: Any) -> Any:
        text = value.get("text") if isinstance(value, dict) else None
        if self.unmatched is not Unmatched.TEXT_ONLY or self.text_is_mapped or not isinstance(text, str):
            return None
        codes = [code for code in self.table.unmatched if self.table.our_displays.get(code, code) == text]
        return self._ours(codes[0]) if len(codes) == 1 and not self._positions(value, None) else None

    def _ours(self, code: str) -> dict[str, Any]:
        return {"system": self.table.ours, "code": code, **_display(self.table.our_displays.get(code))}

    def _is_expected(self, shown: dict[str, Any], value: dict[str, Any]) -> bool:
        """Whether what was written reads as the record's code, or as what the map says it becomes."""
        same_code = (shown.get("system"), shown.get("code")) == (value.get("system"), value["code"])
        return same_code or bool(self.lossy_out(value))


def _shown(coding: dict[str, Any]) -> dict[str, Any]:
    return {name: coding[name] for name in ("system", "code", "display") if isinstance(coding.get(name), str)}


def _display(text: str | None) -> dict[str, str]:
    return {"display": text} if text else {}
