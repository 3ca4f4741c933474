"""Links stand where R4 says that they do, and nothing else is taken for one."""

from __future__ import annotations

import time
from typing import Any

from gateway.conformance.linking import Changes, relinked


def changed(resource: dict[str, Any]) -> dict[str, Any]:
    def mark(kind: str) -> Any:
        return lambda text: f"{kind}:{text}"

    return relinked(resource, Changes(mark("ref"), mark("uri"), mark("uuid")))


def test_each_kind_of_link_is_changed_as_what_it_is() -> None:
    before = {
        "resourceType": "DetectedIssue",
        "id": "x",
        "meta": {"source": "x", "profile": ["x"]},
        "status": "final",
        "reference": "x",
        "patient": {"reference": "x", "identifier": {"system": "x", "value": "x"}, "display": "x"},
        "extension": [{"url": "x", "valueUuid": "x"}, {"url": "x", "valueOid": "x"}],
    }

    assert changed(before) == {
        "resourceType": "DetectedIssue",
        "id": "x",
        "meta": {"source": "uri:x", "profile": ["x"]},
        "status": "final",
        "reference": "uri:x",
        "patient": {"reference": "ref:x", "identifier": {"system": "uri:x", "value": "x"}, "display": "x"},
        "extension": [{"url": "uri:x", "valueUuid": "uuid:x"}, {"url": "uri:x", "valueOid": "x"}],
    }


def test_elements_of_elements_and_resources_in_resources_are_walked() -> None:
    item = {"linkId": "1", "definition": "x", "item": [{"linkId": "2", "definition": "x"}]}
    before = {
        "resourceType": "QuestionnaireResponse",
        "contained": [{"resourceType": "Basic", "subject": {"reference": "x"}}],
        "item": [item],
    }

    after = changed(before)

    assert after["contained"][0]["subject"]["reference"] == "ref:x"
    assert after["item"][0]["definition"] == "uri:x"
    assert after["item"][0]["item"][0]["definition"] == "uri:x"
    assert before["item"][0]["definition"] == "x"


def test_a_narrative_names_links_in_a_and_img_only() -> None:
    def div(text: str) -> dict[str, Any]:
        return {"resourceType": "Basic", "text": {"status": "additional", "div": text}}

    assert changed(
        div("<a href='x&amp;y' title=\"x\">href=\"x\"</a><img alt='' src=\"x\"/><p id='x'/>")
    ) == div('<a href="uri:x&amp;y" title="x">href="x"</a><img alt=\'\' src="uri:x"/><p id=\'x\'/>')


def test_what_is_no_r4_is_left_as_it_is() -> None:
    for odd in (
        {"resourceType": "Elephant", "subject": {"reference": "x"}},
        {"resourceType": ["Basic"]},
        {"resourceType": "Basic", "trunk": {"reference": "x"}, "subject": [[{"reference": 7}]], "code": None},
    ):
        assert changed(odd) == odd


def test_no_narrative_takes_longer_than_it_is_long() -> None:
    for piece in ("<a ", "<a href", '<a href="', "<a href=' ", "<img src = ", "<"):
        began = time.perf_counter()
        relinked(
            {"resourceType": "Basic", "text": {"div": piece * (1_000_000 // len(piece))}},
            Changes(str, str, str),
        )
        assert time.perf_counter() - began < 5, piece
