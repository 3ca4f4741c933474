"""How the story is told: each claim is checked against the running systems before it is printed."""

from __future__ import annotations

import html
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click
import requests

from gateway.errors import GatewayError
from gateway.fhir.json_codec import read_stored, write

T = TypeVar("T")
WITHIN_S = 30
ANSWER_WITHIN_S = 20


class StoryBroke(GatewayError):
    """What a step claims is not so. The message names the step and the claim."""


@dataclass(slots=True)
class Teller:
    """Prints the story as it is checked. `quiet` keeps the words for the failure only."""

    step: str = ""
    checked: int = 0

    def begin(self, number: int, title: str) -> None:
        """Announce the next step."""
        self.step = f"step {number}, {title}"
        click.secho(f"\n{number}. {title}", bold=True)

    def check(self, claim: str, holds: bool) -> None:
        """Print the claim when it holds; raise StoryBroke when it does not."""
        if not holds:
            raise StoryBroke(f"{self.step}: this does not hold: {claim}")
        self.checked += 1
        click.echo(f"   {click.style('checked', fg='green')}  {claim}")

    def eventually(self, claim: str, probe: Callable[[], T | None]) -> T:
        """What `probe` gives, as soon as it gives something; then the claim is told. Waits half a minute."""
        give_up = time.monotonic() + WITHIN_S
        while time.monotonic() < give_up:
            if found := probe():
                self.check(claim, True)
                return found
            time.sleep(0.1)
        raise StoryBroke(f"{self.step}: this did not become true within {WITHIN_S} s: {claim}")


class System:
    """A JSON or FHIR interface as its own user sees it: every answer is read with its decimal digits kept."""

    def __init__(self, base: str, key: str | None = None) -> None:
        self.base = base
        self._session = requests.Session()
        self._session.trust_env = False
        if key is not None:
            self._session.headers["Authorization"] = f"Bearer {key}"

    def get(self, path: str, **parameters: str) -> Any:
        """The body of a 200 answer. Raises StoryBroke with the status otherwise."""
        return self.expect(200, "GET", path, parameters=parameters)

    def expect(
        self,
        status: int,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: dict[str, str] | None = None,
        parameters: dict[str, str] | None = None,
    ) -> Any:
        """The body of an answer with this status. Raises StoryBroke, naming status and address, otherwise."""
        answer = self.send(method, path, body, headers=headers, parameters=parameters)
        if answer.status_code != status:
            raise StoryBroke(
                f"{method} {self.base}{path} answered {answer.status_code}, not {status}: {answer.text[:500]}"
            )
        return read_stored(answer.content) if answer.content else None

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: dict[str, str] | None = None,
        parameters: dict[str, str] | None = None,
    ) -> requests.Response:
        """Whatever the system answers."""
        content = {} if body is None else {"Content-Type": _content_type(path)}
        return self._session.request(
            method,
            self.base + path,
            params=parameters,
            data=None if body is None else write(body),  # type: ignore[arg-type]
            headers={**content, **(headers or {})},
            timeout=ANSWER_WITHIN_S,
        )

    def submit(self, path: str, form: dict[str, str]) -> None:
        """Send a form as a browser does; what it sets stays with this system's session."""
        self._session.post(self.base + path, data=form, timeout=ANSWER_WITHIN_S)

    def found(self, resource_type: str, **parameters: str) -> list[dict[str, Any]]:
        """The resources a FHIR search finds, in the order given; only the first page."""
        bundle = self.get(f"/{resource_type}", **parameters)
        return [
            entry["resource"]
            for entry in bundle.get("entry", [])
            if entry["resource"]["resourceType"] == resource_type
        ]


class Screen:
    """The coordinator's browser, signed in by the demonstration's own form."""

    def __init__(self, base: str) -> None:
        self._system = System(base)
        form = self.page("/sign-in")
        token = form.partition('name="csrf_token" value="')[2].partition('"')[0]
        self._system.submit("/sign-in", {"csrf_token": token})

    def page(self, path: str) -> str:
        """The page's HTML. Raises StoryBroke when it is not shown."""
        answer = self._system.send("GET", path)
        if answer.status_code != requests.codes.ok:
            raise StoryBroke(f"the page {path} answered {answer.status_code}")
        return html.unescape(answer.text)


def _content_type(path: str) -> str:
    return "application/json" if path.startswith(("/api", "/inbox")) else "application/fhir+json"
