"""What is timed of one care plan: by hand, through a lens, through the interpreter, as typed models.

The operations are shown to be right before anybody times them.
"""

from __future__ import annotations

from typing import Any

from fhir.resources.R4B import get_fhir_model_class

from gateway.fhir.json_codec import write
from gateway.mapping import Lens
from gateway.mapping.explain import explain
from gateway.mapping.values import same
from tests.benchmarks import hand_written_care_plan
from tests.benchmarks.care_plans import care_plan
from tests.benchmarks.rounds import Operation


class TimedPlan:
    """The resources of a plan, the record that they hold, and that record with two edits."""

    def __init__(self, lens: Lens, activities: int, goals: int) -> None:
        self._lens, self._interpreted = lens, lens.interpreted
        self.resources = care_plan(activities, goals)
        self.record = lens.get(self.resources).record
        first, *others = self.record["activities"]
        self.edited = {
            **self.record,
            "title": "Home again",
            "activities": [{**first, "status": "completed"}, *others],
        }

    def by_hand(self) -> dict[str, Operation]:
        """What the hand-written code does."""
        return {
            "hand get": lambda: hand_written_care_plan.get(self.resources),
            "hand create": lambda: hand_written_care_plan.create(self.record),
        }

    def through_lens(self) -> dict[str, Operation]:
        """What the lens does."""
        return self._through(self._lens, "lens")

    def interpreted(self) -> dict[str, Operation]:
        """What the interpreter of the same rules does."""
        return self._through(self._interpreted, "interpreted")

    def _through(self, lens: Lens, who: str) -> dict[str, Operation]:
        return {
            f"{who} get": lambda: lens.get(self.resources).record,
            f"{who} create": lambda: lens.create(self.record).resources,
            f"{who} put, unchanged": lambda: lens.put(self.record, self.resources).resources,
            f"{who} put, two edits": lambda: lens.put(self.edited, self.resources).resources,
        }

    def explained(self) -> dict[str, Operation]:
        """Explaining the reading, and telling every element of it."""
        return {
            "explain": lambda: explain(self._lens, self.resources),
            "explain, every element": lambda: explain(self._lens, self.resources).elements,
        }

    def typed(self) -> dict[str, Operation]:
        """Building the typed models of the resources."""
        every = [self.resources["CarePlan"], *self.resources["Goal"]]
        models = [(get_fhir_model_class(each["resourceType"]), each) for each in every]
        return {"model": lambda: [model.model_validate(each) for model, each in models]}

    def show_that_it_is_right(self) -> None:
        """Stops the run when one of the operations does not do what it says."""
        operations = {**self.by_hand(), **self.through_lens(), **self.interpreted()}
        done = {name: operation() for name, operation in operations.items()}
        created = _canonical(done["lens create"])
        for who in ("hand", "interpreted"):
            if not same(done[f"{who} get"], self.record):
                raise SystemExit(f"{who}: get reads another record than the lens")
            if _canonical(done[f"{who} create"]) != created:
                raise SystemExit(f"{who}: create makes other resources than the lens")
        for who in ("lens", "interpreted"):
            if write(done[f"{who} put, unchanged"]) != write(self.resources):
                raise SystemExit(f"{who}: putting the unchanged record changed its resources")
            if not same(self._lens.get(done[f"{who} put, two edits"]).record, self.edited):
                raise SystemExit(f"{who}: the edited record does not read back")
        if same(self.record, self.edited) or self._lens.create(self.record).refused:
            raise SystemExit("the edits change nothing, or the record cannot be created")
        again = self._lens.create(self._lens.get(done["lens create"]).record)
        if _canonical(again.resources) != created:
            raise SystemExit("lens: what it created reads as another record")
        explained = explain(self._lens, self.resources)
        if not same(dict(explained.record), self.record) or not explained.elements:
            raise SystemExit("explain reads another record than the lens")


def _canonical(value: Any) -> Any:
    """A JSON value in which the order of elements does not matter, and the digits of a number do."""
    if isinstance(value, dict):
        return {name: _canonical(child) for name, child in value.items()}
    return [_canonical(child) for child in value] if isinstance(value, list) else (type(value), str(value))
