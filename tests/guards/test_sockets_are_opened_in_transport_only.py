"""One door out: only transport/ imports an HTTP client; the demonstration's counterparts are outsiders."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import gateway

PACKAGE = Path(gateway.__file__).parent
CLIENTS = {"requests", "urllib3", "httpx", "http.client", "urllib.request"}
OUTSIDERS = {"transport", "demo"}
# `serve` asks its own child process on loopback whether it answers: no partner, no data.
OWN_HEALTH = {"cli/serve.py": {"http.client"}}


def imported_in(source: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text())):
        match node:
            case ast.Import():
                names.update(each.name for each in node.names)
            case ast.ImportFrom(module=str(module)):
                names.add(module)
    return names


SOURCES = [
    path for path in sorted(PACKAGE.rglob("*.py")) if path.relative_to(PACKAGE).parts[0] not in OUTSIDERS
]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_http_client_is_imported_outside_transport(source: Path) -> None:
    excepted = OWN_HEALTH.get(source.relative_to(PACKAGE).as_posix(), set())
    clients = {name for name in imported_in(source) if {name, name.split(".")[0]} & CLIENTS} - excepted
    assert not clients, f"{source.name} imports {clients}; go through gateway.transport.exchange.Line"


def test_the_guard_sees_an_import_when_there_is_one() -> None:
    assert "requests" in imported_in(PACKAGE / "transport" / "exchange.py")
