"""Carrying out what a Bundle asks for: a transaction all or nothing, an entry of a batch by itself.

In a transaction all is settled first: conditions are held and existing resources locked in one order for
everybody, ids are chosen, links between the entries are changed. Then it is written in R4's order and read
last. Every step is the one that the single interaction would take, with its rights, its checks and its audit
row; when one is refused, nothing of the others remains.
Source: https://hl7.org/fhir/R4/http.html#trules
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, TypeVar

from gateway.access.actors import Actor
from gateway.acts.bundle_references import ReadCondition, References
from gateway.acts.bundle_refusals import about_the_same, at_entry
from gateway.acts.bundle_steps import Answered, Phase, Settled, Step, refuse_another
from gateway.acts.gateway import Gateway
from gateway.acts.link_person import hold_persons
from gateway.acts.resource_steps import condition_key, hold_condition
from gateway.acts.shape import refuse_broken
from gateway.errors import BadRequest, VersionConflict
from gateway.fhir.bundle_entries import path_of
from gateway.fhir.bundle_links import Target, named
from gateway.fhir.json_codec import Resource
from gateway.store import resources
from gateway.store.database import Transaction

_ATTEMPTS: Final = 4

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Placed:
    """A step and the entry that it came from."""

    position: int
    step: Step
    full_url: str | None = None


def carry_out_alone(gateway: Gateway, actor: Actor, step: Step) -> Answered:
    """What one entry of a batch is answered; committed. Raises as the single interaction would."""

    def attempt() -> Answered:
        with gateway.database.transaction(actor) as tx:
            return step.settled(gateway, tx).write(None)

    return _until_nobody_is_in_the_way(attempt)


def carry_out_together(
    gateway: Gateway, actor: Actor, steps: Sequence[Placed], read_condition: ReadCondition
) -> list[Answered]:
    """What each entry of a transaction is answered, in the order of the entries; committed as a whole.

    read_condition  the search that a conditional reference asks for
    Raises what the first refused entry raises, with the entry named; then nothing was written.
    """

    def attempt() -> list[Answered]:
        with gateway.database.transaction(actor) as tx:
            return _Whole(gateway, tx, list(steps), read_condition).carried_out()

    return _until_nobody_is_in_the_way(attempt)


def _until_nobody_is_in_the_way(attempt: Callable[[], T]) -> T:
    """What an attempt came to; begun again, a few times at most, when another transaction got in the way."""
    for _ in range(_ATTEMPTS - 1):
        with suppress(VersionConflict):  # then nothing was written
            return attempt()
    return attempt()


@dataclass(slots=True)
class _Whole:
    """One transaction while it is carried out; `settled` and `answers` are by position, `size` is theirs."""

    gateway: Gateway
    tx: Transaction
    steps: list[Placed]
    read_condition: ReadCondition
    settled: dict[int, Settled] = field(default_factory=dict)
    answers: dict[int, Answered] = field(default_factory=dict)
    size: int = 0

    def carried_out(self) -> list[Answered]:
        versions = self._held()
        self._settle(Phase.DELETE)
        self._write(Phase.DELETE, None)
        self._settle(Phase.CREATE)
        self._settle(Phase.CHANGE)
        hold_persons(self.gateway, self.tx, self._patients())
        references = References(self.gateway, self.tx, self.read_condition, self._targets(versions))
        for placed in self.steps:
            settled = self.settled.get(placed.position)
            if settled is not None and settled.resource is not None and settled.reference is not None:
                references.brings(
                    placed.position,
                    settled.reference,
                    settled.resource,
                    is_new=settled.is_new,
                    full_url=placed.full_url,
                )
        for phase in (Phase.CREATE, Phase.CHANGE):
            self._write(phase, references)
        self._keep_promises(references)
        self._settle(Phase.READ)
        self._write(Phase.READ, None)
        return [self.answers[placed.position] for placed in self.steps]

    def _held(self) -> dict[str, int]:
        """The versions of all that exists and will be written. Nobody else writes it, or decides by the same
        conditions, until this ends: taken in one order by everybody, so that no two wait for each other.
        """
        conditions = {
            condition_key(self.tx, condition): condition
            for placed in self.steps
            if (condition := placed.step.condition()) is not None
        }
        for key in sorted(conditions):
            hold_condition(self.tx, conditions[key])
        named: dict[str, int] = {}
        for placed in self.steps:
            with at_entry(placed.position):
                reference = placed.step.names(self.tx)
                if reference is not None:
                    _refuse_again(named, reference, placed.position)
        return resources.lock(self.tx, named)

    def _patients(self) -> list[Resource]:
        """The Patients that will be written, each of them R4."""
        patients: list[Resource] = []
        for position, settled in self.settled.items():
            if settled.resource is not None and settled.resource["resourceType"] == "Patient":
                with at_entry(position):
                    refuse_broken(settled.resource)
                patients.append(settled.resource)
        return patients

    def _settle(self, phase: Phase) -> None:
        for placed in self._of(phase):
            with at_entry(placed.position):
                settled = placed.step.settled(self.gateway, self.tx)
                if settled.reference is not None:
                    for position, other in self.settled.items():
                        if other.reference == settled.reference:
                            raise about_the_same(position)
            self.settled[placed.position] = settled

    def _write(self, phase: Phase, references: References | None) -> None:
        for placed in self._of(phase):
            settled = self.settled[placed.position]
            with at_entry(placed.position):
                refuse_another(self.size)
                resource = references.changed(placed.position) if references is not None else None
                answered = settled.write(resource)
                if settled.reference is not None:
                    self._refuse_another(answered, settled)
            self.answers[placed.position] = answered
            self.size += answered.size

    def _refuse_another(self, answered: Answered, settled: Settled) -> None:
        """What a condition found when it was settled must be what it finds when it is written."""
        written = None if answered.version is None else answered.version.reference
        if written == settled.reference:
            return
        for position, other in self.settled.items():
            if written is not None and other.reference == written:
                raise about_the_same(position)
        raise VersionConflict("Another change was in progress at the same moment; try the whole again.")

    def _targets(self, versions: dict[str, int]) -> dict[str, Target]:
        """What each entry becomes, by its fullUrl; what is updated also by its address here."""
        base = self.gateway.fhir_base
        targets: dict[str, Target] = {}
        for placed in self.steps:
            settled = self.settled.get(placed.position)
            if placed.step.phase is Phase.DELETE or settled is None or settled.reference is None:
                continue
            changes = placed.step.phase is Phase.CHANGE and not settled.is_new
            version = versions.get(settled.reference, 0) + 1 if changes else settled.version or 1
            target = Target(settled.reference, version)
            if placed.full_url is not None:
                if named(placed.full_url) in targets:
                    at = f"{path_of(placed.position)}.fullUrl"
                    raise BadRequest("Another entry has the same fullUrl.", expression=at)
                targets[named(placed.full_url)] = target
        for settled in self.settled.values():
            if settled.reference is not None and not settled.is_new and settled.reference in versions:
                targets.setdefault(
                    f"{base}/{settled.reference}", Target(settled.reference, versions[settled.reference] + 1)
                )
        return targets

    def _keep_promises(self, references: References) -> None:
        """Every version that a link was told must be the one that its entry has now."""
        for answered in self.answers.values():
            if answered.version is None:
                continue
            promised = references.promised.get(answered.version.reference)
            if promised not in (None, answered.version.version):
                raise VersionConflict(
                    "Another change was in progress at the same moment; try the whole again."
                )

    def _of(self, phase: Phase) -> Iterator[Placed]:
        return (placed for placed in self.steps if placed.step.phase is phase)


def _refuse_again(named: dict[str, int], reference: str, position: int) -> None:
    if reference in named:
        raise about_the_same(named[reference])
    named[reference] = position
