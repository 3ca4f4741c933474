"""Trying the laws on many cases: in shares, over as many processes as asked for.

A case depends on its map, its number and the seed alone, so it does not matter who tries it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.errors import MappingError

if TYPE_CHECKING:
    from gateway.mapping import Mappings

_SHARE: Final = 50


@dataclass(frozen=True, slots=True)
class Trial:
    """The cases of one map, with the overlays that change it."""

    name: str
    overlays: tuple[str, ...]
    folder: Path | None
    seed: int | None
    numbers: range

    @property
    def title(self) -> str:
        """The map as it is named in the report: `goal`, `goal + us-core-6.1.0`."""
        return " + ".join((self.name, *self.overlays))

    def shares(self) -> Iterator[Trial]:
        """The same trial in parts."""
        for start in range(self.numbers.start, self.numbers.stop, _SHARE):
            yield replace(self, numbers=range(start, min(start + _SHARE, self.numbers.stop)))


def run(trials: Sequence[Trial], jobs: int, done: Callable[[Trial], None]) -> dict[str, str]:
    """Try every case of every trial; what broke a law first, by the trial's title.

    `done` is told of each share that was tried.
    """
    shares = [share for trial in trials for share in trial.shares()]
    broken: dict[str, tuple[int, str]] = {}

    def take(share: Trial, fault: str | None) -> None:
        known = broken.get(share.title)
        if fault is not None and (known is None or share.numbers.start < known[0]):
            broken[share.title] = (share.numbers.start, fault)
        done(share)

    if jobs == 1:
        for share in shares:
            take(share, None if share.title in broken else fault_in(share))
        return {title: fault for title, (_, fault) in broken.items()}
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        running: dict[Future[str | None], Trial] = {pool.submit(fault_in, share): share for share in shares}
        for future in as_completed(running):
            share = running[future]
            take(share, None if future.cancelled() else future.result())
            if share.title in broken:
                for other, later in running.items():
                    if later.title == share.title:
                        other.cancel()
    return {title: fault for title, (_, fault) in broken.items()}


def fault_in(share: Trial) -> str | None:
    """The law that a case of the share breaks, with the case; None when all of them hold."""
    from gateway.mapping import laws
    from gateway.records import RECORDS

    lens = _maps(share.folder, share.overlays)[share.name]
    try:
        laws.check(lens, RECORDS[lens.rules.record].schema(), seed=share.seed, only=share.numbers)
    except MappingError as error:
        return str(error)
    return None


@lru_cache(maxsize=16)
def _maps(folder: Path | None, overlays: tuple[str, ...]) -> Mappings:
    from gateway.mapping import Mappings

    return Mappings.load(folder, overlays)
