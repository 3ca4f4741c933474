"""The number of a referral that people read out on the phone: short, and hard to mishear or mistype.

Eight signs of an alphabet without 0, 1, I, L, O and U, in two groups: R7KM-3XQF. Its 30 signs make 6 * 10^11
numbers. They are random, so that nobody learns from one how many others there are.
"""

from __future__ import annotations

import secrets
from typing import Final

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUP: Final = 4


def new_reference_number() -> str:
    """A number that was, but for a chance of one in 10^11, never given before."""
    signs = "".join(secrets.choice(ALPHABET) for _ in range(2 * _GROUP))
    return f"{signs[:_GROUP]}-{signs[_GROUP:]}"
