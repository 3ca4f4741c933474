"""Every example that HL7 and others published goes through both doors unharmed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.fhir.bundles import entries
from gateway.fhir.compare import same
from gateway.fhir.json_codec import read_stored, read_untrusted, write
from gateway.fhir.references import rewrite, walk
from gateway.fhir.resource_types import R4_TYPES


def _examples(folder: Path) -> Iterator[tuple[Path, Any]]:
    for file in sorted(folder.rglob("*.json")):
        yield file, read_untrusted(file.read_bytes(), max_bytes=64_000_000, max_nodes=5_000_000)


@pytest.mark.shared_data
def test_every_example_survives_the_way_in_and_out(shared_data: Path) -> None:
    count = 0
    for file, value in _examples(shared_data):
        stored = write(value)
        again = read_stored(stored)

        assert again == value, file
        assert write(again) == stored, file
        assert repr(again) == repr(value), file  # repr tells Decimal("1.10") from Decimal("1.1")
        count += 1

    assert count > 400


@pytest.mark.shared_data
def test_every_example_is_the_same_as_itself_and_shares_itself(shared_data: Path) -> None:
    for file, value in _examples(shared_data):
        if isinstance(value, dict) and value.get("resourceType") in R4_TYPES:
            assert rewrite(value, lambda text: text) is value, file
            assert same(value, read_stored(write(value))), file  # type: ignore[arg-type]


@pytest.mark.shared_data
def test_every_example_bundle_can_be_opened(shared_data: Path) -> None:
    opened = 0
    for _file, value in _examples(shared_data):
        if isinstance(value, dict) and value.get("resourceType") == "Bundle":
            opened += sum(entry.resource is not None for entry in entries(value))

    assert opened > 700


@pytest.mark.shared_data
def test_every_reference_of_the_examples_is_found_and_changed(shared_data: Path) -> None:
    for file, value in _examples(shared_data):
        if isinstance(value, dict) and value.get("resourceType") in R4_TYPES:
            before = [holder["reference"] for _, holder in walk(value)]
            after = [holder["reference"] for _, holder in walk(rewrite(value, lambda text: text + "~"))]
            assert after == [text + "~" for text in before], file
