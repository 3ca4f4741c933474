"""A registered pair: two Python functions that undo each other, where no operation of the language does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from gateway.mapping.codecs.codec import Leaf
from gateway.mapping.values import MISSING, same

_FEWEST_SAMPLES: Final = 3
# Whatever a partner sends, and whatever a client puts, a pair says that it is not its own; it never breaks.
_ODD: Final[tuple[Any, ...]] = (
    None,
    True,
    0,
    Decimal("1.5"),
    "",
    " ",
    "?",
    "\ud800",
    [],
    ["a"],
    {},
    {"a": 1},
)


@dataclass(frozen=True, slots=True)
class Pair(Leaf):
    """`py: name`. Both directions are needed, and samples of what each must understand.

    reads     FHIR value -> record value; None: not one of ours, kept and not shown
    writes    record value -> FHIR value; None: cannot be expressed, refused
    samples   FHIR values of every sort that `reads` understands
    """

    name: str
    reads: Callable[[Any], Any]
    writes: Callable[[Any], Any]
    samples: tuple[Any, ...]

    def __post_init__(self) -> None:
        if not (callable(self.reads) and callable(self.writes)):
            raise TypeError(f"the pair {self.name!r} needs two functions: reads and writes")
        if len(self.samples) < _FEWEST_SAMPLES:
            raise TypeError(f"the pair {self.name!r} needs at least {_FEWEST_SAMPLES} samples of FHIR values")

    def read(self, value: Any) -> Any:
        """See Codec."""
        return self.reads(value)

    def write(self, value: Any, old: Any) -> Any:
        """See Codec."""
        written = self.writes(value)
        return MISSING if written is None else written

    def fault(self) -> str:
        """The first value that breaks it, or sample that does not come back, in words; nothing when none."""
        for value in _ODD:
            for direction, convert in (("reads", self.reads), ("writes", self.writes)):
                try:
                    convert(value)
                except Exception as broken:  # any of them would stop a conversion
                    return f"{direction} breaks on {value!r}: {type(broken).__name__}"
        for number, sample in enumerate(self.samples, start=1):
            shown = self.reads(sample)
            if shown is None:
                return f"sample {number} is not read"
            written = self.writes(shown)
            if written is None:
                return f"what sample {number} reads as cannot be written"
            if not same(self.reads(written), shown):
                return f"what sample {number} reads as comes back as something else"
        return ""
