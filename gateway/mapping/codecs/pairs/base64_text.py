"""Text that travels as the data of an attachment: base64 in FHIR, words in the record.

Only UTF-8 is read; another file (a scan, a PDF) is kept and not shown.
Source: https://hl7.org/fhir/R4/datatypes.html#base64Binary
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any, Final

from gateway.mapping.codecs.pair import Pair


def _words(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        # White space between the groups is allowed in FHIR; anything else that is no base64 is not.
        words = b64decode("".join(value.split()), validate=True).decode("utf-8")
    except ValueError:
        return None
    return words or None


def _data(value: Any) -> str | None:
    try:
        return b64encode(value.encode("utf-8")).decode("ascii") if isinstance(value, str) and value else None
    except UnicodeEncodeError:
        return None


PAIR: Final = Pair("base64-text", _words, _data, ("SGVsbG8=", "w4RyenRpbg==", "YSBiCmM=", "SGVs\nbG8="))
