"""What a lens costs beside building the typed model `fhir.resources.R4B` from the same resources.

    python -m tests.benchmarks.mapping_beside_the_typed_model [ROUNDS]

The two do different work: the model checks the whole shape of a resource, a lens reads or writes what a
record knows. The ratio says only what the mapping adds where a typed model would be built anyway. Each round
times every operation once, one after the other, so that a busy machine slows all of them alike; the median of
the rounds counts. Before anything is timed, the operations are shown to be right.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import click
from fhir.resources.R4B import get_fhir_model_class

from gateway.fhir.json_codec import read_stored, write
from gateway.mapping import Lens, Mappings
from gateway.places import DataFolder, data_folder

ROUNDS = 200
EDITS: dict[str, dict[str, Any]] = {  # by rule file: what is written over the example's record
    "person": {"active": False},
    "practitioner": {"active": False},
    "organisation": {"name": "Elm Trust North"},
    "contact": {"lead_carer": False},
    "need": {"text": "Leg ulcer, closed"},
    "goal": {"description": "Walk to the shop and back"},
    "care-plan": {"title": "Home again"},
    "referral": {"service_text": "Somebody to walk with"},
    "care-team": {"name": "Round Ada"},
    "appointment": {"comment": "By the side door"},
    "visit": {"status": "entered-in-error"},
    "note": {"sent_at": "2026-11-22"},
    "consent": {"status": "inactive"},
}
COLUMNS = ("get", "put, unchanged", "put, edited", "create")

Operation = Callable[[], Any]


def operations(lens: Lens, resources: dict[str, Any]) -> dict[str, Operation]:
    """What is timed for one record, by column; the model's comes first."""
    every = [each for value in resources.values() for each in (value if isinstance(value, list) else [value])]
    models = [(get_fhir_model_class(each["resourceType"]), each) for each in every]
    record = lens.get(resources).record
    edited = {**record, **EDITS[lens.rules.name]}
    _show_that_they_are_right(lens, resources, record, edited)
    return {
        "model": lambda: [model.model_validate(each) for model, each in models],
        "get": lambda: lens.get(resources),
        "put, unchanged": lambda: lens.put(record, resources),
        "put, edited": lambda: lens.put(edited, resources),
        "create": lambda: lens.create(record),
    }


def _show_that_they_are_right(
    lens: Lens, resources: dict[str, Any], record: dict[str, Any], edited: dict[str, Any]
) -> None:
    name = lens.rules.name
    if write(lens.put(record, resources).resources) != write(resources):
        raise SystemExit(f"{name}: putting the unchanged record changed its resources")
    if edited == record or lens.get(lens.put(edited, resources).resources).record != edited:
        raise SystemExit(f"{name}: the edited record does not read back")
    if lens.create(record).refused:
        raise SystemExit(f"{name}: the record of the example cannot be created")


def measured(timed: dict[str, Operation], rounds: int) -> dict[str, float]:
    """The median of each operation, in microseconds; the first tenth of the rounds only warms up."""
    spent: dict[str, list[float]] = {name: [] for name in timed}
    for number in range(rounds + rounds // 10):
        for name, operation in timed.items():
            began = time.perf_counter()
            operation()
            if number >= rounds // 10:
                spent[name].append((time.perf_counter() - began) * 1e6)
    return {name: median(times) for name, times in spent.items()}


def main(rounds: int) -> None:
    """Prints one line for each rule file: the model in microseconds, the lens as a multiple of it."""
    maps = Mappings.load()
    gc.disable()  # the collector's pauses would fall on whichever operation is running
    click.echo(f"{'record':14}{'model':>10}  " + "".join(f"{name:>16}" for name in COLUMNS))
    for name in EDITS:
        example = data_folder(DataFolder.MAPPINGS) / "examples" / f"{name}.fhir.json"
        resources = read_stored(example.read_bytes())
        assert isinstance(resources, dict)
        took = measured(operations(maps[name], resources), rounds)
        gc.collect()
        ratios = "".join(f"{took[column] / took['model']:>15.2f}x" for column in COLUMNS)
        click.echo(f"{name:14}{took['model']:>7.0f} us  {ratios}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
