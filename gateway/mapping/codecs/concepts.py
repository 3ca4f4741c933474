"""Codes with their systems: Coding and CodeableConcept.

When the code changes, everything that described or translated the old one goes: its display, version and
userSelected, the other codings, and the text unless a rule says what the text is. A text that outlives its
code is how a corrected diagnosis keeps the old name.
Source: https://hl7.org/fhir/R4/datatypes.html#CodeableConcept
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from gateway.mapping.codecs.codec import Part
from gateway.mapping.values import MISSING, same, tidy

_SHOWN: Final = ("system", "code", "display")


@dataclass(frozen=True, slots=True)
class CodingCodec:
    """Coding as {system, code, display}; without a code it is not read."""

    def read(self, value: Any) -> Any:
        """See Codec."""
        if not isinstance(value, dict) or not isinstance(value.get("code"), str):
            return None
        return _shown(value)

    def write(self, value: Any, old: Any) -> Any:
        """See Codec."""
        if not _is_code(value, _SHOWN) or "code" not in (tidy(value) or {}):
            return MISSING
        return _coding(tidy(value), old)

    def clear(self, old: Any) -> Any:
        """See Codec."""
        return MISSING

    def parts(self, value: Any) -> tuple[Part, ...]:
        """See Codec."""
        return tuple((name,) for name in _SHOWN if name in value)

    def identity(self, value: Any) -> Any:
        """See Codec."""
        return (value.get("system"), value.get("code")) if isinstance(value, dict) else None


@dataclass(frozen=True, slots=True)
class Concept:
    """CodeableConcept as {system, code, display} of one coding: userSelected, or the first with a code.

    with_text   the record's value has `text` too, and a concept with text alone is read
    text_is_mapped   another rule maps `text`: this one never touches it
    """

    with_text: bool = False
    text_is_mapped: bool = False

    def read(self, value: Any) -> Any:
        """See Codec."""
        if not isinstance(value, dict):
            return None
        index = _chosen(value)
        shown = {} if index is None else _shown(value["coding"][index])
        if self.with_text and isinstance(value.get("text"), str):
            shown = {**shown, "text": value["text"]}
        return shown or None

    def write(self, value: Any, old: Any) -> Any:
        """See Codec."""
        value = tidy(value)
        if not _is_code(value, (*_SHOWN, "text") if self.with_text else _SHOWN):
            return MISSING
        held: dict[str, Any] = old if isinstance(old, dict) else {}
        code = {name: value[name] for name in _SHOWN if name in value}
        if code and "code" not in code:
            return MISSING
        concept = _with_code(held, code, drop_text=not self.text_is_mapped)
        if self.with_text:
            concept = _with_text(concept, held, value.get("text"))
        return concept or MISSING

    def clear(self, old: Any) -> Any:
        """See Codec."""
        if not self.text_is_mapped or not isinstance(old, dict):
            return MISSING
        return {name: child for name, child in old.items() if name != "coding"} or MISSING

    def parts(self, value: Any) -> tuple[Part, ...]:
        """See Codec."""
        index = _chosen(value)
        parts: list[Part] = []
        if index is not None:
            parts = [("coding", index, *part) for part in CodingCodec().parts(value["coding"][index])]
        return (*parts, ("text",)) if self.with_text and "text" in value else tuple(parts)

    def identity(self, value: Any) -> Any:
        """See Codec."""
        if not isinstance(value, dict):
            return None
        return (value.get("system"), value.get("code")) if value.get("code") else (None, value.get("text"))


def _shown(coding: dict[str, Any]) -> dict[str, Any]:
    shown = {}
    for name in _SHOWN:
        said = coding.get(name)
        if said.__class__ is str:
            shown[name] = said
    return shown


def _is_code(value: Any, names: tuple[str, ...]) -> bool:
    return isinstance(value, dict) and all(
        child is None or (name in names and isinstance(child, str)) for name, child in value.items()
    )


def _chosen(concept: dict[str, Any]) -> int | None:
    codings = concept.get("coding")
    found = None
    for index, coding in enumerate(codings if isinstance(codings, list) else ()):
        if isinstance(coding, dict) and isinstance(coding.get("code"), str):
            if coding.get("userSelected") is True:
                return index
            found = index if found is None else found
    return found


def _coding(shown: dict[str, Any], old: Any) -> dict[str, Any]:
    if not isinstance(old, dict) or any(
        not same(old.get(name), shown.get(name)) for name in ("system", "code")
    ):
        return shown
    if same(old.get("display"), shown.get("display")):
        return old
    kept = {name: child for name, child in old.items() if name not in ("display", "_display")}
    return {**kept, "display": shown["display"]} if "display" in shown else kept


def _with_code(held: dict[str, Any], code: dict[str, Any], *, drop_text: bool) -> dict[str, Any]:
    index = _chosen(held)
    old = held["coding"][index] if index is not None else None
    new = _coding(code, old) if code else None
    if new is old:
        return held
    if (
        old is not None
        and new is not None
        and same(old["code"], new["code"])
        and same(old.get("system"), new.get("system"))
    ):
        codings = held["coding"]
        return {**held, "coding": [*codings[:index], new, *codings[(index or 0) + 1 :]]}
    gone = {"coding", "text", "_text"} if drop_text else {"coding"}
    kept = {name: child for name, child in held.items() if name not in gone}
    return {**kept, "coding": [new]} if new is not None else kept


def _with_text(concept: dict[str, Any], held: dict[str, Any], text: Any) -> dict[str, Any]:
    if text is None:
        return {name: child for name, child in concept.items() if name not in ("text", "_text")}
    if held.get("text") == text:
        kept = {"_text": held["_text"]} if "_text" in held else {}
        return concept if concept.get("text") == text else {**concept, "text": text, **kept}
    return {**{name: child for name, child in concept.items() if name != "_text"}, "text": text}
