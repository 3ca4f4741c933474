"""Parameters as an address or a form spells them: understood as they stand, or refused; never guessed at.

What the web framework does with odd spelling is no use here: bytes that are no UTF-8 stay percent-encoded
and would be searched for as such, and a form that cannot be read counts as an empty one, which asks for
everything.
https://url.spec.whatwg.org/#application/x-www-form-urlencoded and
https://www.rfc-editor.org/rfc/rfc3986#section-2.1
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias
from urllib.parse import parse_qsl

from gateway.errors import BadRequest

Pairs: TypeAlias = tuple[tuple[str, str], ...]

_SPELLS_NOTHING: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_NUL: Final = "\x00"


def read_pairs(raw: bytes) -> Pairs:
    """The parameters, in their order. Raises BadRequest when a sign of them cannot be read."""
    if _SPELLS_NOTHING.search(raw):
        raise BadRequest(
            "A percent sign in the parameters is not followed by two hexadecimal digits; write %25."
        )
    try:
        pairs = tuple(parse_qsl(raw.decode(), keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError:
        raise BadRequest("The parameters hold bytes that are not UTF-8.") from None
    if any(_NUL in name or _NUL in value for name, value in pairs):
        raise BadRequest("The parameters hold the character NUL.")
    return pairs
