"""Who speaks with whom in the story, and what each of them can be asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from gateway.demo.telling import System, Teller
from gateway.demo.town import Town
from gateway.fhir.systems import NHS_NUMBER

WARD_BOARD: Final = "https://st-annes.example/fhir/StructureDefinition/ward-board-colour"


@dataclass(slots=True)
class Story:
    """Who speaks with whom, and what has been learnt on the way."""

    town: Town
    teller: Teller
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def coordinator(self) -> System:
        return System(self.town.gateway, self.town.coordinator_key)

    @property
    def st_annes(self) -> System:
        return System(f"{self.town.st_annes}/fhir")

    @property
    def northside(self) -> System:
        return System(f"{self.town.northside}/fhir", self.town.northside_token)

    @property
    def elm_trust(self) -> System:
        return System(self.town.agency)

    def our_copies(self, there: System, resource_type: str, our_id: str) -> list[dict[str, Any]]:
        """What a hospital holds of a resource of ours, found by the identifier we sent with it."""
        system = f"{self.town.gateway}/fhir/R4"
        return there.found(resource_type, identifier=f"{system}|{resource_type}/{our_id}")

    def people(self, nhs_number: str) -> list[dict[str, Any]]:
        """The persons that carry this NHS number."""
        listed = self.coordinator.get("/api/people", count="100")["items"]
        return [
            person
            for person in listed
            if any(
                i["system"] == NHS_NUMBER and i["value"] == nhs_number for i in person.get("identifiers", [])
            )
        ]

    def sources(self, nhs_number: str) -> list[set[str]]:
        """For each person with this number, the hospitals that know them."""
        return [{source["source"] for source in person["sources"]} for person in self.people(nhs_number)]

    def plan(self) -> dict[str, Any]:
        """Ada's plan as the coordinator reads it."""
        record: dict[str, Any] = self.coordinator.get(f"/api/care-plans/{self.ids['plan']}")
        return record


def ids_of(items: list[Any]) -> list[str]:
    """The ids in a list of ids or of records."""
    return [item["id"] if isinstance(item, dict) else item for item in items]


def adas_team(story: Story) -> dict[str, Any]:
    """Ada's care team as the coordinator reads it."""
    teams: list[dict[str, Any]] = story.coordinator.get("/api/care-teams", person=story.ids["ada"])["items"]
    return teams[0]


def plan_at_st_annes(story: Story) -> dict[str, Any]:
    """Ada's plan as St Anne's own server answers it."""
    [plan] = story.st_annes.found("CarePlan", identifier="https://st-annes.example/care-plans|P-1203")
    return plan


def their_goal(story: Story) -> dict[str, Any]:
    """Ada's goal about her weight, as St Anne's own server answers it."""
    goals = story.st_annes.found("Goal", _count="50")
    return next(goal for goal in goals if goal["description"]["text"] == "Hold her weight")


def has_title(story: Story, there: System, title: str) -> bool:
    """Whether a hospital shows this title on its copy of the plan."""
    if there.base.startswith(story.town.st_annes):
        return bool(plan_at_st_annes(story)["title"] == title)
    return bool(story.our_copies(there, "CarePlan", story.ids["plan"])[0]["title"] == title)


def has_ward_board_colour(plan: dict[str, Any]) -> bool:
    """Whether a plan carries what only St Anne's understands."""
    return {"url": WARD_BOARD, "valueCode": "amber"} in plan.get("extension", [])


def refer(story: Story, who: str, service: str) -> str:
    """Write and send a referral to Elm Trust; returns the leg's id."""
    referral = story.coordinator.expect(
        201,
        "POST",
        "/api/referrals",
        {"person": story.ids[who], "service_text": service, "priority": "routine"},
    )
    story.ids[f"referral of {who}"] = referral["id"]
    sent = story.coordinator.expect(
        200, "POST", f"/api/referrals/{referral['id']}/send", {"organisation": story.ids["elm"]}
    )
    story.ids[f"leg of {who}"] = sent["legs"][0]["id"]
    story.teller.check(f"referral {sent['reference_number']} is sent: “{service}”", sent["state"] == "sent")
    return story.ids[f"leg of {who}"]


def referral_address(story: Story, who: str) -> str:
    """The address of somebody's referral in the records API."""
    return f"/api/referrals/{story.ids[f'referral of {who}']}"


def leg_now(story: Story, who: str) -> dict[str, Any]:
    """The first leg of somebody's referral, as it stands."""
    leg: dict[str, Any] = story.coordinator.get(referral_address(story, who))["legs"][0]
    return leg


def message_about(story: Story, leg: str) -> dict[str, Any] | None:
    """What the agency was told of a leg; None before its message."""
    return next((each for each in story.elm_trust.get("/inbox")["referrals"] if each["leg"] == leg), None)


def done(story: Story, there: System, leg: str) -> dict[str, Any] | None:
    """A hospital's copy of a leg's Task, once it is completed and has an outcome."""
    copies = story.our_copies(there, "Task", leg)
    return copies[0] if copies and copies[0]["status"] == "completed" and copies[0].get("output") else None
