"""The life of one resource, told through HTTP: each step is a request, and whether it was granted."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import uuid4

import requests

from tests.clients.smallest import smallest

JSON_PATCH = {"Content-Type": "application/json-patch+json"}
ADD_LANGUAGE = [{"op": "add", "path": "/language", "value": "en"}]
STEPS = (
    "create", "create if none exists", "read", "read if changed", "vread", "update", "update what fits",
    "update what is not there", "patch", "history-instance", "history-type", "search-type",
    "delete without criteria", "delete what fits", "delete",
)  # fmt: skip


def declined(answer: requests.Response) -> bool:
    """Whether it was refused as what is not served is, with an OperationOutcome."""
    return answer.status_code in (400, 403, 404, 405, 412) and (
        answer.json()["resourceType"] == "OperationOutcome"
    )


@dataclass(frozen=True)
class Life:
    """What came of each step in the life of a resource of one type."""

    type: str
    answers: dict[str, requests.Response]
    granted: frozenset[str]
    answer: dict[str, str] = field(default_factory=dict)

    def kept(self, step: str) -> bool:
        """Whether the step was granted and did what it should."""
        self._told(step)
        return step in self.granted

    def refused(self, step: str) -> bool:
        """Whether the step was refused, and the refusal says so."""
        self._told(step)
        return step not in self.granted and declined(self.answers[step])

    def _told(self, step: str) -> None:
        self.answer.clear()
        self.answer[f"{self.answers[step].status_code}"] = self.answers[step].text[:500]


class Api:
    """The FHIR API as a hospital's client asks it, and the audit as a coordinator's."""

    def __init__(self, base: str, key: str, auditing: str) -> None:
        self.base = base
        self.auditing = {"Authorization": f"Bearer {auditing}"}
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {key}"
        self.session.headers["Accept"] = "application/fhir+json"  # a Binary would come as its document
        self.life_of = cache(self._life_of)

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """The answer to one request; a body goes out as FHIR's JSON."""
        headers = more.pop("headers", {})
        if path.partition("/")[0] == "AuditEvent":
            headers = {**headers, **self.auditing}
        if "json" in more:
            headers = {"Content-Type": "application/fhir+json", **headers}
        return self.session.request(method, f"{self.base}/{path}", headers=headers, timeout=60, **more)

    def make(self, resource: dict[str, Any]) -> str:
        """The id of the resource, once it is created."""
        made = self.ask("POST", resource["resourceType"], json=resource)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    def _life_of(self, type: str) -> Life:
        body = smallest(type)
        said: dict[str, requests.Response] = {"create": self.ask("POST", type, json=body)}
        id = self._id(type, said["create"])
        one, own, fits = f"{type}/{id}", {**body, "id": id}, {"_id": id}
        said["create if none exists"] = self.ask(
            "POST", type, json=body, headers={"If-None-Exist": f"_id={id}"}
        )
        said["read"] = read = self.ask("GET", one)
        etag = read.headers["ETag"]
        said["read if changed"] = self.ask("GET", one, headers={"If-None-Match": etag})
        said["vread"] = self.ask("GET", f"{one}/_history/1")
        said["update"] = self.ask("PUT", one, json={**own, "language": "de"}, headers={"If-Match": etag})
        said["update what fits"] = self.ask("PUT", type, params=fits, json={**body, "language": "fr"})
        there_is_none = str(uuid4())
        said["update what is not there"] = self.ask(
            "PUT", f"{type}/{there_is_none}", json={**body, "id": there_is_none}
        )
        said["patch"] = self.ask("PATCH", one, json=ADD_LANGUAGE, headers=JSON_PATCH)
        said["history-instance"] = self.ask("GET", f"{one}/_history")
        said["history-type"] = self.ask("GET", f"{type}/_history", params={"_count": "1"})
        said["search-type"] = self.ask("GET", type, params=fits)
        said["delete without criteria"] = self.ask("DELETE", type)
        said["delete what fits"] = self.ask("DELETE", type, params=fits)
        said["delete"] = self.ask("DELETE", f"{type}/{self._id(type, self.ask('POST', type, json=body))}")
        assert said.keys() == set(STEPS)
        return Life(type, said, frozenset(step for step in STEPS if _is_granted(step, said[step], id)))

    def _id(self, type: str, made: requests.Response) -> str:
        """The id of what was made; of what is there already, where a client makes none."""
        if made.status_code == 201:
            return str(made.json()["id"])
        found = self.ask("GET", type, params={"_count": "1"}).json()
        return str(found["entry"][0]["resource"]["id"])


def _is_granted(step: str, answer: requests.Response, id: str) -> bool:
    match step:
        case "create":
            return answer.status_code == 201
        case "read if changed":
            return answer.status_code == 304
        case "delete" | "delete what fits" | "delete without criteria":
            return answer.status_code == 204
        case "history-instance" | "history-type":
            return answer.status_code == 200 and answer.json()["type"] == "history"
        case "search-type":
            return answer.status_code == 200 and [it["resource"]["id"] for it in answer.json()["entry"]] == [
                id
            ]
        case _:
            return answer.status_code in (200, 201) and answer.json()["id"] == id
