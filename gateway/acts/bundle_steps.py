"""What an entry of a batch or a transaction can be: one step each, settled before anything is written.

Settled means that it is known which resource the step will write: its own, one that a condition found, or a
new one under an id that is chosen now. So entries can refer to one another in any order, and two that mean
the same resource are noticed. Another kind of entry is another class here.
Source: https://hl7.org/fhir/R4/http.html#trules
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import ClassVar, Final
from uuid import uuid4

from gateway.access.actors import Actor
from gateway.acts import patch_steps, resource_steps
from gateway.acts.gateway import Gateway
from gateway.conformance import patching
from gateway.errors import TooCostly
from gateway.fhir.json_codec import Resource
from gateway.fhir.references import relative
from gateway.store import resources
from gateway.store.database import Transaction
from gateway.store.search import Query
from gateway.store.versions import Version

MAX_ANSWER: Final = 50_000_000
"""As many bytes as the answers of one Bundle have together, before no further one is given."""


class Phase(IntEnum):
    """When a step is carried out, as R4 orders them."""

    DELETE = 1
    CREATE = 2
    CHANGE = 3
    READ = 4


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a step.

    version  the version that was written or read, if it was one
    body     the resource that answers a read, as JSON; for a write the version has it
    """

    status: int
    version: Version | None = None
    body: bytes = b""

    @property
    def size(self) -> int:
        """How many bytes of resources it may take to say."""
        return len(self.body) or (len(self.version.body) if self.version is not None else 0)


def refuse_another(answered: int) -> None:
    """Nothing while the answers so far are not too large for one more. Raises TooCostly otherwise."""
    if answered > MAX_ANSWER:
        raise TooCostly(f"The answers before this one have more than {MAX_ANSWER} bytes: divide the Bundle.")


@dataclass(frozen=True, slots=True)
class Settled:
    """A step of which it is known what it will write.

    reference  the resource that it is about, `Patient/<id>`; None for a read
    is_new     it is made by this step
    version    the version that exists now, where one that others may refer to does
    resource   what will be written, its links still to be changed; None when nothing will be, or no content
    write      carries it out, given that resource
    """

    reference: str | None
    write: Callable[[Resource | None], Answered]
    is_new: bool = False
    version: int = 0
    resource: Resource | None = None


class Step(ABC):
    """One entry: what is asked, understood and not yet looked up."""

    phase: ClassVar[Phase]

    def condition(self) -> Query | None:
        """The condition that decides what it is about, held against others from before the first write."""
        return None

    def names(self, tx: Transaction) -> str | None:
        """The existing resource that it will write, as far as that is known before anything is written."""
        return None

    @abstractmethod
    def settled(self, gateway: Gateway, tx: Transaction) -> Settled:
        """The step with what it is about. Raises as the single interaction would."""


@dataclass(frozen=True, slots=True)
class Create(Step):
    """A new resource, unless one fits the condition."""

    resource: Resource
    unless: Query | None = None
    phase: ClassVar[Phase] = Phase.CREATE

    def condition(self) -> Query | None:
        """If-None-Exist."""
        return self.unless

    def settled(self, gateway: Gateway, tx: Transaction) -> Settled:
        """The one that fits, or the new one. Raises PreconditionFailed when several fit."""
        held = None if self.unless is None else resource_steps.only_match(tx, self.unless)
        if held is not None:
            return Settled(held.reference, self._creating(gateway, tx, None), version=held.version)
        id = str(uuid4())
        reference = relative(self.resource["resourceType"], id)
        return Settled(reference, self._creating(gateway, tx, id), is_new=True, resource=self.resource)

    def _creating(
        self, gateway: Gateway, tx: Transaction, id: str | None
    ) -> Callable[[Resource | None], Answered]:
        def write(resource: Resource | None) -> Answered:
            given = self.resource if resource is None else resource
            # Looked for once more: what the Bundle wrote since may fit as well.
            kept = resource_steps.create(gateway, tx, given, unless=self.unless, id=id)
            return Answered(201 if kept.is_new else 200, kept.version)

        return write


@dataclass(frozen=True, slots=True)
class Update(Step):
    """The next version of the resource that the body names."""

    resource: Resource
    expect: int | None = None
    phase: ClassVar[Phase] = Phase.CHANGE

    def names(self, tx: Transaction) -> str | None:
        """The resource itself; but an agency's answer locks the whole referral, in an order of its own."""
        is_answer = resource_steps.is_answer(tx.actor, self.resource["resourceType"])
        return None if is_answer else self._reference()

    def _reference(self) -> str:
        return relative(self.resource["resourceType"], self.resource["id"])

    def settled(self, gateway: Gateway, tx: Transaction) -> Settled:
        """Itself, as it stands."""

        def write(resource: Resource | None) -> Answered:
            given = self.resource if resource is None else resource
            kept = resource_steps.update(gateway, tx, given, expect=self.expect)
            return Answered(201 if kept.is_new else 200, kept.version)

        return Settled(self._reference(), write, resource=self.resource)


@dataclass(frozen=True, slots=True)
class Patch(Step):
    """The next version of a resource, by what is to change in it.

    body   the resource that holds the patch; links in it are links like any other
    read   the patch that it holds
    """

    type: str
    id: str
    body: Resource
    read: Callable[[Resource], patching.Patch]
    expect: int | None = None
    phase: ClassVar[Phase] = Phase.CHANGE

    def names(self, tx: Transaction) -> str | None:
        """The resource itself; but an agency's answer locks the whole referral, in an order of its own."""
        is_answer = resource_steps.is_answer(tx.actor, self.type)
        return None if is_answer else relative(self.type, self.id)

    def settled(self, gateway: Gateway, tx: Transaction) -> Settled:
        """The resource, as it stands."""

        def write(body: Resource | None) -> Answered:
            change = self.read(self.body if body is None else body)
            kept = patch_steps.patch(gateway, tx, self.type, self.id, change, expect=self.expect)
            return Answered(200, kept.version)

        return Settled(relative(self.type, self.id), write, resource=self.body)


@dataclass(frozen=True, slots=True)
class Delete(Step):
    """The end of one resource."""

    type: str
    id: str
    expect: int | None = None
    phase: ClassVar[Phase] = Phase.DELETE

    def names(self, tx: Transaction) -> str | None:
        """The resource itself."""
        return relative(self.type, self.id)

    def settled(self, gateway: Gateway, tx: Transaction) -> Settled:
        """Itself, as it stands; nothing, where there is none."""

        def write(_: Resource | None) -> Answered:
            return Answered(204, resource_steps.delete(gateway, tx, self.type, self.id, expect=self.expect))

        return Settled(self.names(tx) if resources.find(tx, self.type, self.id) else None, write)


@dataclass(frozen=True, slots=True)
class Read(Step):
    """Something that is looked up after all writing, and so shows what was written.

    answer   what the actor is answered; it takes part in the transaction of the gateway that it is given
    """

    answer: Callable[[Gateway, Actor], Answered]
    phase: ClassVar[Phase] = Phase.READ

    def settled(self, gateway: Gateway, tx: Transaction) -> Settled:
        """Nothing is written."""
        joined = replace(gateway, database=gateway.database.joined(tx))
        return Settled(None, lambda _: self.answer(joined, tx.actor))
