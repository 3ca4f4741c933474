"""Narrative: text for people, regenerated from the record only where it was generated before.

Source: https://hl7.org/fhir/R4/narrative.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any, Final

from gateway.mapping.rules import Block
from gateway.mapping.values import dig, is_hollow

PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_.]*)\}")


def narrated(block: Block, old: Any, new: Any, view: Mapping[str, Any]) -> Any:
    """The new resource with a narrative that is true of it.

    Only a generated narrative (or none, when the block has a template) is replaced, and only when the
    resource changed. `additional` and `extensions` hold what people wrote: never touched.
    """
    if new is old or not isinstance(new, dict):
        return new
    text = new.get("text")
    if text is not None and not (isinstance(text, dict) and text.get("status") == "generated"):
        return new
    written = _written(block.narrative, view)
    if written is None:
        return {name: child for name, child in new.items() if name != "text"} if text is not None else new
    return {**new, "text": {"status": "generated", "div": written}}


def _written(template: str | None, view: Mapping[str, Any]) -> str | None:
    if template is None:
        return None

    def word(found: re.Match[str]) -> str:
        value = dig(view, tuple(found[1].split(".")))
        return "" if is_hollow(value) or isinstance(value, dict | list) else escape(str(value))

    words = " ".join(PLACEHOLDER.sub(word, template).replace("()", "").split())
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{words}</div>' if words else None
