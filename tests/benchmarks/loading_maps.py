"""What it takes until a map can be used: its file read, checked and made ready, in a warm process.

The floor is PyYAML's own reading of the same files, with the loader that the maps are read with.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

import yaml

from gateway.fhir.json_codec import read_stored
from gateway.mapping import Lens, Mappings
from gateway.places import DataFolder, data_folder

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Loading:
    """Milliseconds of the processor, medians of the rounds.

    composed   yaml.compose of one map's file, on average
    loaded     Mappings.load for one map, on average: read and checked
    readied    how much longer the first use of a map takes than its second, on average: what is made ready
               only when it is needed
    slowest    the map whose first use takes most longer, and how much
    floors     how many times `composed` a map takes until it can be used
    """

    maps: int
    composed: float
    loaded: float
    readied: float
    slowest: tuple[str, float]
    floors: float


def loading(rounds: int) -> Loading:
    """Loads all maps again and again, and uses each for the first time."""
    folder = data_folder(DataFolder.MAPPINGS)
    texts = [file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.yaml"))]
    names = list(Mappings.load())
    examples = {name: read_stored((folder / "examples" / f"{name}.fhir.json").read_bytes()) for name in names}
    composed: list[float] = []
    loaded: list[float] = []
    readied: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        gc.collect()
        gc.disable()  # its pauses would fall on whatever is running
        composed.append(_milliseconds(partial(_compose, texts))[0])
        spent, maps = _milliseconds(Mappings.load)
        loaded.append(spent)
        for name, resources in examples.items():
            first, second = (_milliseconds(partial(_use, maps[name], resources))[0] for _ in range(2))
            readied[name].append(max(first - second, 0.0))
        gc.enable()
    each_ready = [sum(spent) for spent in zip(*readied.values(), strict=True)]
    ready = (one + other for one, other in zip(loaded, each_ready, strict=True))
    slowest = max(names, key=lambda name: median(readied[name]))
    return Loading(
        len(names),
        median(composed) / len(names),
        median(loaded) / len(names),
        median(each_ready) / len(names),
        (slowest, median(readied[slowest])),
        float(median(whole / floor for whole, floor in zip(ready, composed, strict=True))),
    )


def _compose(texts: list[str]) -> None:
    for text in texts:
        yaml.compose(text, Loader=_Loader)


def _use(lens: Lens, resources: Any) -> None:
    record = lens.get(resources).record
    lens.put(record, resources)
    lens.create(record)


def _milliseconds(operation: Callable[[], Any]) -> tuple[float, Any]:
    began = time.process_time()
    made = operation()
    return (time.process_time() - began) * 1e3, made
