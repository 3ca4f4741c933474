"""Faults of a whole engine: what it forgets, alters or refuses."""

from __future__ import annotations

from typing import Any, Final

from gateway.errors import Issue
from gateway.mapping import Put
from gateway.mapping.laws.broken import Law
from gateway.mapping.lens import InterpretedLens
from gateway.mapping.values import same
from tests.mappings.mutants.seeding import Mutant, replaced


class Rebuilding(InterpretedLens):
    """No complement."""

    def put(self, record: Any, resources: Any, **_: Any) -> Put:
        return self.create(record)


class RebuildingWhenChanged(InterpretedLens):
    """What most mappers do. GetPut and PutGet alone never notice."""

    def put(self, record: Any, resources: Any, **_: Any) -> Put:
        is_unchanged = same(self.get(resources).record, record)
        return Put(dict(resources), ()) if is_unchanged else self.create(record)


class AlteringWhatIsGiven(InterpretedLens):
    """Works on the caller's own dictionary."""

    def put(self, record: Any, resources: Any, **more: Any) -> Put:
        root, written = resources[self.type], super().put(record, resources, **more)
        changed = dict(written.resources[self.type])
        root.clear()
        root.update(changed)
        return Put({**written.resources, self.type: root}, ())


class GivingBackItsOwnTypes(InterpretedLens):
    """Takes what stands beside its resources for nothing."""

    def put(self, record: Any, resources: Any, **more: Any) -> Put:
        written = super().put(record, resources, **more)
        known = (self.type, *self.part_types)
        return Put({name: held for name, held in written.resources.items() if name in known}, written.refused)


class WithoutContained(InterpretedLens):
    """Serialises what it has a model of."""

    def put(self, record: Any, resources: Any, **more: Any) -> Put:
        written = super().put(record, resources, **more)
        root = written.resources[self.type]
        if root is resources[self.type]:
            return written
        left = {name: child for name, child in root.items() if name != "contained"}
        return Put({**written.resources, self.type: left}, written.refused)


class Refusing(InterpretedLens):
    """Loses nothing, and does nothing."""

    def put(self, record: Any, resources: Any, **more: Any) -> Put:
        if same(self.get(resources).record, record):
            return super().put(record, resources, **more)
        return Put(dict(resources), (Issue("error", "invalid", "the record does not fit", "", ""),))


MUTANTS: Final = (
    Mutant(
        "a put starts from nothing: all that the record does not know is gone",
        replaced(Rebuilding),
        frozenset({Law.GET_PUT}),
        on="goal",
    ),
    Mutant(
        "a put starts from nothing as soon as anything changed",
        replaced(RebuildingWhenChanged),
        frozenset({Law.FRAME, Law.RESIDUE}),
        on="goal",
    ),
    Mutant(
        "the resource that was given is altered",
        replaced(AlteringWhatIsGiven),
        frozenset({Law.PUT_GET}),
        on="goal",
    ),
    Mutant(
        "resources of types that the map does not know are dropped",
        replaced(GivingBackItsOwnTypes),
        frozenset({Law.GET_PUT}),
        on="goal",
    ),
    Mutant(
        "contained resources are dropped when anything changed",
        replaced(WithoutContained),
        frozenset({Law.FRAME}),
        on="person",
    ),
    Mutant(
        "every change is refused",
        replaced(Refusing),
        frozenset({Law.PUT_GET}),
        on="goal",
    ),
)
