"""`fhir.resources` is R5 at its root; only its R4B package speaks our R4, and only one file may touch it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ONLY_DOOR = ROOT / "gateway" / "conformance" / "typed.py"


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and str(node.value).startswith("fhir.resources."):
            yield str(node.value)


def test_nothing_imports_the_r5_root() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted([*(ROOT / "gateway").rglob("*.py"), *(ROOT / "tests").rglob("*.py")])
        for name in _imports(path)
        if name.startswith("fhir.resources") and not name.startswith("fhir.resources.R4B")
        if path != Path(__file__)
    ]

    assert found == []


def test_only_one_file_of_the_gateway_builds_typed_models() -> None:
    doors = {
        path
        for path in (ROOT / "gateway").rglob("*.py")
        for name in _imports(path)
        if name.startswith("fhir.resources")
    }

    assert doors <= {ONLY_DOOR}
