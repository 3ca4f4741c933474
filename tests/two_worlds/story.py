"""A history that is told in both worlds: what the actor sees is the same, what it does not see is not.

The ids of everything told are the same in both worlds, those of hidden things too: what exists hidden in one
world exists in the other with other words, or not at all. Visible resources refer to hidden ones and hidden
ones to visible ones, by the same codes, numbers, names and days.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gateway.access.actors import HERE, ActorKind
from gateway.fhir.json_codec import Resource
from gateway.fhir.references import rewrite
from gateway.store import grants, people, resources
from gateway.store.database import Transaction
from gateway.store.versions import Version
from tests.two_worlds.material import TYPES, WITHOUT_SUBJECT, patient, practitioner, row, unshown
from tests.two_worlds.worlds import ELM, GATEWAY, OAK, World, after, set_clock

OURS, THEIRS = "st-annes", "northside"
OF_AGENCIES: Final = ("ServiceRequest", "Task", "Goal") * 2
"""What an agency mostly sees, so that there are several of each."""
LASTS: Final = 1_000
"""Minutes from the beginning after which every story is told."""


class Where(StrEnum):
    """The world in which something hidden exists."""

    FIRST = "first"
    SECOND = "second"
    BOTH = "both, told otherwise"


class Secret(StrEnum):
    """Kinds of what the actor does not see."""

    STRANGER = "a Patient of another hospital"
    PERSON = "such a Patient, linked to a person"
    ABOUT_STRANGER = "something about such a Patient"
    ABOUT_NOBODY = "something of another hospital about nobody"
    CHANGED = "something about such a Patient, changed since"
    DELETED = "something about such a Patient, deleted since"
    GRANTED = "something granted to another agency"
    OWN = "something of the actor's hospital: hidden from an agency"
    ENDED = "something whose grant to the agency has ended: hidden from an agency"


@dataclass(frozen=True)
class Hidden:
    """Something that the actor does not see, told before the visible scene `at`."""

    kind: Secret
    where: Where
    seed: int
    at: int


@dataclass(frozen=True)
class Plot:
    """What happens, as seeds: of each visible scene, and of what is hidden in between."""

    scenes: tuple[int, ...]
    hidden: tuple[Hidden, ...]

    @classmethod
    def of(cls, chance: random.Random) -> Plot:
        """Some plot. Hidden things come early, so that much of what is visible is told after them."""
        scenes = tuple(chance.getrandbits(32) for _ in range(chance.randint(8, 12)))
        hidden = tuple(
            Hidden(chance.choice(tuple(Secret)), chance.choice(tuple(Where)), chance.getrandbits(32), at)
            for at in (min(chance.randrange(10), chance.randrange(10)) for _ in range(chance.randint(10, 16)))
        )
        return cls(scenes, hidden)


@dataclass
class Story:
    """A plot, told for one kind of actor; `run` makes its ids its own.

    seen     by type, the ids of what the actor sees, in the order of the story
    secrets  by type, the ids of what is hidden in one world or in both
    nowhere  ids that lead nowhere in either
    """

    plot: Plot
    kind: ActorKind
    run: int
    seen: dict[str, list[str]] = field(default_factory=dict)
    secrets: dict[str, list[str]] = field(default_factory=dict)
    _ids: int = 0

    def __post_init__(self) -> None:
        self._slots = [self._slot(hidden) for hidden in self.plot.hidden]
        self.nowhere = [self._id() for _ in range(3)]

    def told_in(self, world: World) -> None:
        """The world holds the story, and nothing else."""
        self.seen.clear()
        self._ids = 1_000  # the same ids for the second telling
        world.emptied()
        with world.database.transaction(GATEWAY) as tx:
            _Telling(self, tx, world.number).all()

    def id_of_scene(self, type: str) -> str:
        """The next id of something visible."""
        id = self._id()
        self.seen.setdefault(type, []).append(id)
        return id

    def _slot(self, hidden: Hidden) -> tuple[str, str]:
        chance = random.Random(hidden.seed)
        match hidden.kind:
            case Secret.STRANGER | Secret.PERSON:
                type = "Patient"
            case Secret.ABOUT_NOBODY:
                type = chance.choice(WITHOUT_SUBJECT)
            case _:
                type = chance.choice(TYPES)
        id = self._id()
        self.secrets.setdefault(type, []).append(id)
        return type, id

    def _id(self) -> str:
        # Of UUID version 8, so that it is told apart from what a server makes (version 4).
        self._ids += 1
        return f"{self.run:08x}-{self._ids:04x}-8000-8000-000000000000"


class _Telling:
    """The story in one world, in one transaction."""

    def __init__(self, story: Story, tx: Transaction, world: int) -> None:
        self.story, self.tx, self.world = story, tx, world
        self.is_agency = story.kind is ActorKind.AGENCY
        self.referrals = 0

    def all(self) -> None:
        set_clock(self.tx, after(0))
        self.organisation = self._organisations()
        plot = self.story.plot
        for at, seed in enumerate(plot.scenes):
            for number, hidden in enumerate(plot.hidden):
                if min(hidden.at, len(plot.scenes) - 1) == at:
                    self._hide(hidden, *self.story._slots[number])
            set_clock(self.tx, after(at + 1))
            self._scene(random.Random(seed), random.Random(f"{seed} {self.world}"), first=at < 2)
        set_clock(self.tx, after(LASTS))

    # What is visible

    def _organisations(self) -> dict[str, str]:
        held = {}
        for organisation in (ELM, OAK):
            identifier = {"system": organisation.system, "value": organisation.value}
            body = {"resourceType": "Organization", "identifier": [identifier], "name": organisation.value}
            made = resources.create(self.tx, body, source=HERE, id=self.story.id_of_scene("Organization"))
            held[str(organisation.value)] = made.id
        return held

    def _scene(self, chance: random.Random, secret: random.Random, *, first: bool) -> None:
        """One visible thing. `chance` is the same in both worlds, `secret` is this world's."""
        kind = "patient" if first else chance.choice(("patient", "row", "row", "row", "row", "directory"))
        source = chance.choice((OURS, OURS, HERE, THEIRS))
        match kind:
            case "patient":
                self._patients(chance, secret)
            case "directory":
                self._visible(practitioner(chance), THEIRS, chance, secret)
            case _:
                about = f"Patient/{chance.choice(self.story.seen['Patient'])}"
                if self.is_agency and chance.random() < 0.4:
                    about = "Patient/unseen"
                type = chance.choice(TYPES if not self.is_agency else (*TYPES, *OF_AGENCIES))
                body = row(type, chance, about, self._refer(chance))
                self._visible(body, source, chance, secret)

    def _patients(self, chance: random.Random, secret: random.Random) -> None:
        """A person that the actor's hospital knows, or that both hospitals know."""
        number = f"v{len(self.story.seen.get('Patient', ()))}"
        mine = self._visible(patient(chance, number), OURS, chance, secret)
        person = self._visible(patient(chance), HERE, chance, secret)
        people.link(self.tx, mine.id, person.id, "identifier")
        if chance.random() < 0.5:
            theirs = self._visible(patient(chance, number), THEIRS, chance, secret)
            people.link(self.tx, theirs.id, person.id, "identifier")

    def _visible(self, body: Resource, source: str, chance: random.Random, secret: random.Random) -> Version:
        """The resource as the actor sees it from now on; what it was before differs between the worlds."""
        type = body["resourceType"]
        id = self.story.id_of_scene(type)
        changed, was_other = chance.random() < 0.3, chance.random() < 0.4
        if was_other and type not in ("Patient", "Practitioner"):
            earlier = row(type, secret, f"Patient/{self._secret('Patient', secret)}", self._unseen(secret))
            resources.create(
                self.tx, self._worded(earlier, secret), source=source if self.is_agency else THEIRS, id=id
            )
            made = resources.update(self.tx, self._worded(body, secret) | {"id": id})
        else:
            made = resources.create(self.tx, self._worded(body, secret), source=source, id=id)
        if self.is_agency:
            self._grant("elm-trust", [made.reference])
        if changed:
            again = body | {"identifier": [*body["identifier"], {"value": "changed"}]}
            made = resources.update(self.tx, self._worded(again, secret) | {"id": id})
        return made

    def _worded(self, body: Resource, secret: random.Random) -> Resource:
        """As it is kept in this world: with what an agency is not shown of it."""
        if not self.is_agency:
            return body
        filled = rewrite(body, lambda text: self._filled(text, secret))
        return unshown(filled, secret, self._unseen(secret))

    def _filled(self, text: str, secret: random.Random) -> str:
        type, _, id = text.partition("/")
        return f"{type}/{self._secret(type, secret)}" if id == "unseen" else text

    def _refer(self, chance: random.Random) -> Callable[[str], str]:
        """References of what is visible: to what is visible, to what is hidden, or nowhere."""

        def _to(type: str) -> str:
            seen, secrets = self.story.seen.get(type, []), self.story.secrets.get(type, [])
            if self.is_agency and chance.random() < 0.4:
                return f"{type}/unseen"
            return f"{type}/{chance.choice([*seen, *secrets, *secrets, *self.story.nowhere])}"

        return _to

    def _unseen(self, secret: random.Random) -> Callable[[str], str]:
        return lambda type: f"{type}/{self._secret(type, secret)}"

    def _secret(self, type: str, secret: random.Random) -> str:
        return secret.choice([*self.story.secrets.get(type, ()), *self.story.nowhere])

    def _grant(self, agency: str, references: list[str]) -> str:
        self.referrals += 1
        referral = f"00000000-{self.referrals:04x}-8000-8000-000000000000"
        grants.grant(self.tx, self.organisation[agency], referral, references, "referral")
        return referral

    # What is hidden

    def _hide(self, hidden: Hidden, type: str, id: str) -> None:
        if hidden.where not in (Where.BOTH, (Where.FIRST, Where.SECOND)[self.world - 1]):
            return
        secret = random.Random(f"{hidden.seed} {self.world}")
        if hidden.kind in (Secret.STRANGER, Secret.PERSON):
            made = resources.create(self.tx, patient(secret, f"h{id}"), source=THEIRS, id=id)
            if hidden.kind is Secret.PERSON:
                person = resources.create(self.tx, patient(secret), source=HERE)
                people.link(self.tx, made.id, person.id, "identifier")
            return
        about: str | None = f"Patient/{self._secret('Patient', secret)}"
        source = THEIRS
        if hidden.kind is Secret.ABOUT_NOBODY:
            about = None
        elif self.is_agency and hidden.kind in (Secret.OWN, Secret.ENDED):
            about, source = f"Patient/{secret.choice(self._patients_seen() or self.story.nowhere)}", OURS
        made = resources.create(
            self.tx, row(type, secret, about, self._anything(secret)), source=source, id=id
        )
        match hidden.kind:
            case Secret.CHANGED:
                body = row(type, secret, about, self._anything(secret))
                resources.update(self.tx, body | {"id": id})
            case Secret.DELETED:
                resources.delete(self.tx, type, id)
            case Secret.GRANTED:
                self._grant("oak-trust", [made.reference])
            case Secret.ENDED:
                referral = self._grant("elm-trust", [made.reference])
                grants.close(self.tx, referral, self.organisation["elm-trust"])

    def _anything(self, secret: random.Random) -> Callable[[str], str]:
        """References of what is hidden: to what is visible as soon as to what is not."""

        def _to(type: str) -> str:
            seen, secrets = self.story.seen.get(type, []), self.story.secrets.get(type, [])
            return f"{type}/{secret.choice([*seen, *seen, *secrets, *self.story.nowhere])}"

        return _to

    def _patients_seen(self) -> list[str]:
        return self.story.seen.get("Patient", [])
