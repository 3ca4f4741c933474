"""What a lens costs beside code that is written by hand for the same two maps, and beside its own targets.

    python -m tests.benchmarks.mapping_beside_hand_written [ROUNDS]

The peer is `hand_written_care_plan`, the input `care_plans`. Before anything is timed, all operations are
shown to be right; only that can fail. A target that is missed is printed as missed: on how busy a machine,
nobody can tell.
"""

from __future__ import annotations

import sys

import click

from gateway.fhir.json_codec import write
from gateway.mapping import Lens, Mappings
from tests.benchmarks.loading_maps import Loading, loading
from tests.benchmarks.rounds import Operation, Times, in_rounds, on_one_core
from tests.benchmarks.targets import Target
from tests.benchmarks.timed_care_plan import TimedPlan

ROUNDS = 60
GOALS = 5
SIZES = (10, 50, 200)
EACH = ("get", "create", "put, unchanged", "put, two edits")
BY_HAND = {  # what each operation of a lens is measured against
    "get": ("hand get",),
    "create": ("hand create",),
    "put, unchanged": ("hand get", "hand create"),
    "put, two edits": ("hand get", "hand create"),
}


def plan_of_ten(lens: Lens, rounds: int) -> Times:
    """Everything about one care plan of ten activities, in the same rounds."""
    given = TimedPlan(lens, 10, GOALS)
    given.show_that_it_is_right()
    return in_rounds(
        {
            **given.by_hand(),
            **given.through_lens(),
            **given.interpreted(),
            **given.typed(),
            **given.explained(),
        },
        rounds,
    )


def plans_that_grow(lens: Lens, rounds: int) -> Times:
    """Hand-written code and lens on plans of all sizes, in the same rounds."""
    timed: dict[str, Operation] = {}
    for size in SIZES:
        given = TimedPlan(lens, size, GOALS)
        given.show_that_it_is_right()
        every = {**given.by_hand(), **given.through_lens()}
        timed |= {f"{size} {name}": operation for name, operation in every.items()}
    return in_rounds(timed, rounds)


def growth(times: Times, name: str) -> float:
    """What an activity of the largest plan costs beside one of the middle plan."""
    _, middle, large = SIZES
    return times.ratio(f"{large} {name}", f"{middle} {name}") * middle / large


def show_plan_of_ten(times: Times) -> None:
    """The multiples of hand-written code, and what the typed model takes beside the lens."""
    hand = " and ".join(f"{name} {times.microseconds(f'hand {name}'):.0f} us" for name in ("get", "create"))
    click.echo(f"\nwritten by hand: {hand}; the others beside that (put: beside both together)")
    _row("", [f"{name:>16}" for name in EACH])
    for who in ("lens", "interpreted"):
        _row(who, [_multiple(times.ratio(f"{who} {name}", *BY_HAND[name])) for name in EACH])
    click.echo("\nbuilding fhir.resources R4B from the same resources, beside that")
    _row("written by hand", [_multiple(times.ratio("model", f"hand {name}")) for name in ("get", "create")])
    _row("lens", [_multiple(times.ratio("model", f"lens {name}")) for name in EACH])
    click.echo("\nexplaining what get read, beside get")
    for name in ("explain", "explain, every element"):
        _row(name, [_multiple(times.ratio(name, "lens get"))])


def show_growth(times: Times) -> None:
    """Microseconds an activity, by the size of the plan."""
    click.echo("\nmicroseconds an activity, in plans of so many; and what the last cost beside the second")
    _row("", [f"{size:>16}" for size in SIZES])
    for name in ("hand get", "hand create", *(f"lens {each}" for each in EACH)):
        spent = [f"{times.microseconds(f'{size} {name}') / size:>16.1f}" for size in SIZES]
        _row(name, [*spent, _multiple(growth(times, name))])


def show_loading(took: Loading) -> None:
    """Milliseconds until a map can be used."""
    name, most = took.slowest
    click.echo(f"\n{took.maps} maps, milliseconds for one on average")
    click.echo(f"  {took.loaded:.1f} to load and check it")
    click.echo(f"  {took.readied:.1f} more for its first use; most for {name}, {most:.1f}")
    click.echo(f"  together {took.floors:.1f} times what yaml.compose takes of its file, {took.composed:.2f}")


def _row(name: str, cells: list[str]) -> None:
    click.echo(f"  {name:24}" + "".join(cells))


def _multiple(ratio: float) -> str:
    return f"{ratio:>15.2f}x"


def targets(ten: Times, sizes: Times, took: Loading) -> list[Target]:
    """Each target beside what was measured."""
    by_hand = {name: ten.ratio(f"lens {name}", *BY_HAND[name]) for name in EACH}
    slope = max(
        growth(sizes, f"lens {name}") / growth(sizes, f"hand {peer}")
        for name, peer in (("get", "get"), ("create", "create"), ("put, two edits", "create"))
    )
    return [
        Target("get, beside hand-written", 1.3, by_hand["get"]),
        Target("create, beside hand-written", 1.3, by_hand["create"]),
        Target("put of what was read, beside hand-written", 2, by_hand["put, unchanged"]),
        Target("put with two edits, beside hand-written", 2, by_hand["put, two edits"]),
        Target("fhir.resources R4B, beside get", 50, ten.ratio("model", "lens get"), at_least=True),
        Target("fhir.resources R4B, beside create", 50, ten.ratio("model", "lens create"), at_least=True),
        Target("an activity of 200 / of 50, beside hand-written", 1.25, slope),
        Target("explain, beside get", 15, ten.ratio("explain", "lens get")),
        Target("explain, every element, beside get", 15, ten.ratio("explain, every element", "lens get")),
        Target("until a map can be used, on average", 150, took.loaded + took.readied, unit="ms"),
        Target(f"until {took.slowest[0]} can be used", 150, took.loaded + took.slowest[1], unit="ms"),
    ]


def main(rounds: int) -> None:
    """Prints the tables, then the targets."""
    core = on_one_core()
    lens = Mappings.load()["care-plan"]
    size = len(write(TimedPlan(lens, 10, GOALS).resources)) / 1000
    click.echo(f"a CarePlan with 10 activities and {GOALS} goals, {size:.1f} KB; {rounds} rounds on {core}")
    ten = plan_of_ten(lens, rounds)
    show_plan_of_ten(ten)
    sizes = plans_that_grow(lens, max(rounds // 6, 5))
    show_growth(sizes)
    took = loading(max(rounds // 6, 5))
    show_loading(took)
    click.echo("\ntargets")
    for target in targets(ten, sizes, took):
        click.echo(f"  {target}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
