"""The screens use a public design system, but nobody may take the gateway for one of that system's owner."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

WEB = Path(__file__).resolve().parents[2] / "gateway" / "web"
TEMPLATES = sorted(WEB.rglob("*.html"))
STYLE = WEB / "static" / "care-gateway.css"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_the_word_stands_only_in_nhs_number(template: Path) -> None:
    text = re.sub(r"\{%.*?%\}", "", template.read_text(encoding="utf-8"), flags=re.DOTALL)

    assert not re.findall(r"NHS(?! number)", text)


def test_no_typeface_logo_or_address_of_theirs_is_in_the_style_sheet() -> None:
    style = STYLE.read_text(encoding="utf-8")

    assert "@font-face" not in style
    assert "frutiger" not in style.lower()
    assert "//" not in style.replace("http://www.w3.org/2000/svg", "")


def test_only_the_icons_the_style_sheet_names_are_shipped() -> None:
    images = {path.name for path in (WEB / "static" / "nhsuk" / "images").iterdir()}

    assert images == set(re.findall(r"nhsuk-icon-[a-z-]+\.svg", STYLE.read_text(encoding="utf-8")))
