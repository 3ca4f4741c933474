"""What leaves for a partner and comes back unedited is no edit: published data, each shipped overlay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.fhir.compare import changed_elements
from gateway.fhir.json_codec import Resource, write
from gateway.mapping import Mappings
from gateway.mapping.overlays.partner_form import PartnerForm
from tests.mappings.published import published

pytestmark = pytest.mark.shared_data

MAPS = Mappings.load()
STACKS = [(name,) for name in MAPS.overlay_names] + [("us-core-6.1.0", "sdoh-cc"), ("us-core-6.1.0", "bser")]


def _forms(stack: tuple[str, ...]) -> dict[str, PartnerForm]:
    forms = ((kind, PartnerForm.of(MAPS, stack, kind)) for kind in MAPS.types)
    return {kind: form for kind, form in forms if form is not None}


def _resources(shared_data: Path, forms: dict[str, PartnerForm]) -> Iterator[tuple[str, Resource]]:
    for folder in ("r4-core-examples", "us-core-6.1.0", "sdoh-clinicalcare"):
        yield from published(shared_data / folder, *forms)


def _rewritten(resource: Resource) -> frozenset[str]:
    """Generated words are a system's own; whoever writes the resource writes them anew."""
    return frozenset({"text"}) if resource.get("text", {}).get("status") == "generated" else frozenset()


@pytest.mark.parametrize("stack", STACKS)
def test_a_copy_that_comes_back_unedited_says_what_we_hold(shared_data: Path, stack: tuple[str, ...]) -> None:
    seen, forms = 0, _forms(stack)
    for name, resource in _resources(shared_data, forms):
        form = forms[resource["resourceType"]]
        before = write(resource)
        sent = form.sent(resource)
        assert sent.refused == (), name
        back = form.read(sent.resource, resource)
        assert changed_elements(resource, back) - _rewritten(resource) == frozenset(), name
        assert write(resource) == before, f"{name} was altered in place"
        seen += 1
    assert seen >= 40


@pytest.mark.parametrize("stack", STACKS)
def test_what_the_partner_holds_already_is_not_sent_otherwise(
    shared_data: Path, stack: tuple[str, ...]
) -> None:
    forms = _forms(stack)
    for name, resource in _resources(shared_data, forms):
        form = forms[resource["resourceType"]]
        first = form.sent(resource).resource
        again = form.sent(resource, first).resource
        assert changed_elements(first, again) == frozenset(), name
        assert write(form.finished(first)) == write(first), name
