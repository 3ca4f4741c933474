"""The walkthrough in mappings/README.md does what it shows; run walkthrough.py to bring it up to date."""

from __future__ import annotations

from tests.mappings.walkthrough import README, TITLE, played


def test_every_file_and_command_of_the_walkthrough_is_as_shown() -> None:
    text = README.read_text(encoding="utf-8")

    assert text.count(TITLE) == 1
    assert played(text) == text
