"""One request at a time, straight to the application: what the sampler of shares.py repeats."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Final

from flask import Flask

from gateway.access.actors import ActorKind
from gateway.acts.gateway import Gateway
from gateway.fhir.json_codec import write
from gateway.store import clients
from tests.benchmarks.fhir_api.filling import NUMBERS, Filled, care_plan

_BASE: Final = "/fhir/R4"


@dataclass(slots=True)
class Single:
    """A kind of request, and how long one took so far."""

    name: str
    ask: Callable[[], int]
    _spent: list[float] = field(default_factory=list)

    def send(self) -> None:
        """One request. Raises RuntimeError when it is refused."""
        began = time.perf_counter()
        status = self.ask()
        self._spent.append(time.perf_counter() - began)
        if status >= 400:
            raise RuntimeError(f"{self.name} was answered {status}")

    def milliseconds(self) -> float:
        """The mean."""
        return 1000 * sum(self._spent) / len(self._spent)


def singles(app: Flask, gateway: Gateway, filled: Filled) -> Iterator[Single]:
    """The kinds of request of the benchmark, by a hospital's client."""
    with gateway.database.transaction(gateway.self_actor) as tx:
        key = clients.add(tx, "st-annes-one-by-one", ActorKind.EHR, "st-annes")
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/fhir+json"}
    client = app.test_client()
    drawn, numbers = Random(5), count()

    def get(path: Callable[[], str]) -> Callable[[], int]:
        return lambda: client.get(_BASE + path(), headers=headers).status_code

    def body(id: str | None, patient: str) -> bytes:
        plan = care_plan(next(numbers), patient, [])
        return write({**plan, "id": id} if id else plan)

    def create() -> int:
        _, patient = drawn.choice(filled.plans)
        return client.post(f"{_BASE}/CarePlan", data=body(None, patient), headers=headers).status_code

    def update() -> int:
        plan, patient = drawn.choice(filled.plans)
        return client.put(f"{_BASE}/CarePlan/{plan}", data=body(plan, patient), headers=headers).status_code

    yield Single("read", get(lambda: f"/CarePlan/{drawn.choice(filled.plans)[0]}"))
    yield Single("create", create)
    yield Single("update", update)
    yield Single(
        "search: patient, status, by date",
        get(lambda: f"/CarePlan?patient={drawn.choice(filled.patients)}&status=active,completed&_sort=-date"),
    )
    yield Single(
        "search: category, status",
        get(lambda: "/CarePlan?category=rehabilitation&status=active&_count=20"),
    )
    yield Single(
        "search: chain",
        get(lambda: f"/CarePlan?patient.identifier={NUMBERS}%7C{drawn.choice(filled.numbers)}"),
    )
    yield Single(
        "search: include",
        get(lambda: f"/CarePlan?patient={drawn.choice(filled.patients)}&_include=CarePlan:goal"),
    )
