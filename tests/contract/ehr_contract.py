"""What every EHR promises the sync engine, whatever stands behind it. Inherit, and provide `system`."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest

from gateway.errors import PartnerConflict, PartnerRefused
from gateway.fhir.compare import same
from gateway.sync.ports import EhrSystem, Held

OURS = "https://care.example.org/fhir/R4"


def goal(number: str, text: str = "Walk to the shop") -> dict[str, Any]:
    return {
        "resourceType": "Goal",
        "identifier": [{"system": OURS, "value": f"Goal/{number}"}],
        "lifecycleStatus": "active",
        "description": {"text": text},
        "subject": {"reference": "Patient/p1"},
        "target": [{"dueDate": "2027-03", "detailQuantity": {"value": Decimal("1.5"), "unit": "km"}}],
    }


class EhrContract:
    """The same promises, kept by each implementation against its own real server."""

    def test_what_was_created_can_be_read_and_says_the_same(self, system: EhrSystem) -> None:
        made = system.create(goal("1"), (OURS, "Goal/1"))

        read = system.read("Goal", made.id)

        assert read is not None
        assert same(read.resource, goal("1"))
        assert read.version == made.version is not None

    def test_creating_twice_under_one_identifier_is_one_resource(self, system: EhrSystem) -> None:
        first = system.create(goal("2"), (OURS, "Goal/2"))
        second = system.create(goal("2"), (OURS, "Goal/2"))

        assert second.id == first.id
        assert (first.is_new, second.is_new) == (True, False)

    def test_creating_under_another_identifier_is_another_resource(self, system: EhrSystem) -> None:
        ids = {system.create(goal(number), (OURS, f"Goal/{number}")).id for number in ("3", "4")}
        assert len(ids) == 2

    def test_an_update_at_the_version_held_is_taken(self, system: EhrSystem) -> None:
        made = system.create(goal("5"), (OURS, "Goal/5"))

        changed = system.update(reworded(made), made.version)

        assert changed.id == made.id
        assert changed.version != made.version
        assert changed.resource["description"] == {"text": "Walk to the park"}

    def test_an_update_at_a_stale_version_is_a_conflict_and_changes_nothing(self, system: EhrSystem) -> None:
        made = system.create(goal("6"), (OURS, "Goal/6"))
        theirs = system.update(reworded(made), made.version)

        with pytest.raises(PartnerConflict):
            system.update(made.resource, made.version)

        assert held(system, made.id).version == theirs.version

    def test_what_does_not_exist_reads_as_none(self, system: EhrSystem) -> None:
        assert system.read("Goal", "nobody-has-this") is None

    def test_paging_by_last_update_gives_each_resource_once_the_oldest_first(self, system: EhrSystem) -> None:
        made = [system.create(goal(f"7{n}"), (OURS, f"Goal/7{n}")).id for n in range(5)]

        found = everything(system, "Goal", None)

        assert [each["id"] for each in found if each["id"] in made] == made
        assert len({each["id"] for each in found}) == len(found)

    def test_only_what_changed_since_is_given(self, system: EhrSystem) -> None:
        early = system.create(goal("8"), (OURS, "Goal/8"))
        late = system.create(goal("9"), (OURS, "Goal/9"))

        found = everything(system, "Goal", late.resource["meta"]["lastUpdated"])

        assert late.id in [each["id"] for each in found]
        if late.resource["meta"]["lastUpdated"] != early.resource["meta"]["lastUpdated"]:
            assert early.id not in [each["id"] for each in found]

    def test_what_the_server_does_not_accept_is_refused(self, system: EhrSystem) -> None:
        with pytest.raises(PartnerRefused):
            system.page("NoSuchType", None)


def reworded(made: Held) -> dict[str, Any]:
    changed = copy.deepcopy(made.resource)
    changed["description"] = {"text": "Walk to the park"}
    return changed


def held(system: EhrSystem, id: str) -> Held:
    found = system.read("Goal", id)
    assert found is not None
    return found


def everything(system: EhrSystem, type: str, since: str | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    page = system.page(type, since)
    found.extend(page.resources)
    while page.next_url is not None:
        page = system.page(type, since, page.next_url)
        found.extend(page.resources)
    return found
