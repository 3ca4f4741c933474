"""A README of a room names files of that room, and they are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import gateway

GATEWAY = Path(gateway.__file__).parent
ROOT = GATEWAY.parent
READMES = sorted(path for path in GATEWAY.rglob("README.md") if "node_modules" not in path.parts)
FILE = re.compile(r"(?<![\w/*<>-])(?:[a-z_]+/)*[a-z0-9_*]+\.(?:py|ya?ml|toml|md)\b")


def is_there(name: str, room: Path) -> bool:
    places = (room, *(child for child in room.iterdir() if child.is_dir()), GATEWAY, ROOT, ROOT / "mappings")
    return any(list(place.glob(name)) for place in places)


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.parent.name)
def test_every_file_a_readme_names_exists(readme: Path) -> None:
    named = set(FILE.findall(readme.read_text(encoding="utf-8")))

    assert named, "a README of a room that names no file of it"
    assert sorted(name for name in named if not is_there(name, readme.parent)) == []


def test_every_folder_a_readme_names_exists() -> None:
    said = {
        (path, name)
        for path in READMES
        for name in re.findall(r"`(?:gateway|tests|config)/[\w/]+/`", path.read_text())
    }

    assert said
    assert sorted(name for _, name in said if not (ROOT / name.strip("`")).is_dir()) == []
