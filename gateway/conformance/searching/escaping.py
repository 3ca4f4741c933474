"""How a search value is taken apart: `,` `|` and `$` divide, a backslash takes their meaning away.

Source: https://hl7.org/fhir/R4/search.html#escaping
"""

from __future__ import annotations

from collections.abc import Iterator


def split(text: str, at: str) -> list[str]:
    """The parts between unescaped `at`, escapes still in them; one part when there is no `at`."""
    parts = [""]
    for piece in _pieces(text):
        if piece == at:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def unescaped(text: str) -> str:
    """The text as it is meant: each backslash gone, what it protected kept."""
    return "".join(piece[1:] if piece[0] == "\\" and len(piece) > 1 else piece for piece in _pieces(text))


def escaped(text: str) -> str:
    """The text as a search value that means exactly it."""
    for sign in "\\", ",", "|", "$":
        text = text.replace(sign, f"\\{sign}")
    return text


def _pieces(text: str) -> Iterator[str]:
    signs = iter(text)
    for sign in signs:
        yield sign + next(signs, "") if sign == "\\" else sign
