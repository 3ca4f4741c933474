"""No way into the store without an actor, and no statement over resources that its rows do not limit."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import FunctionType

import pytest

import gateway
from gateway.store.database import Transaction

GATEWAY = Path(gateway.__file__).parent
STORE = GATEWAY / "store"

# Modules that touch no rows, or that make the connection everything else goes through.
WITHOUT_ROWS = {
    "clock",
    "columns",
    "database",
    "embedded",
    "embedded_place",
    "embedded_process",
    "embedded_start",
    "index_conditions",
    "index_rows",
    "migrate",
    "query",
    "sort_values",
    "tables",
    "versions",
}
# Statements that hold no mark because what they read is judged before or after, each with the reason.
UNMARKED = {
    ("page_order", "_CURRENT"): "a join of statements that carry the mark themselves",
    ("page_order", "_THEN"): "a join of statements that carry the mark themselves",
    ("second_look", "_DENIED"): "shows nothing: says what is known of what was selected",
    ("second_look", "_GRANTED"): "shows nothing: says what is known of what was selected",
    ("second_look", "_ABOUT_NOW"): "shows nothing: says what is known of what was selected",
    ("rows", "_DENIED"): "part of the condition that every mark stands for",
    ("audit", "_ABOUT"): "writes down whom the named resources are about; shows nothing",
    ("histories", "_DURING"): "a condition of statements that carry the mark themselves",
    ("links", "_ADD"): "writes link rows of a person that is being written; shows nothing",
}
PURE = {"linked_patients", "condition_on_heads", "condition_on_versions", "conditions"}
RESOURCE_TABLES = re.compile(r"\b(?:FROM|JOIN)\s+(?:resource|resource_version)\b", re.IGNORECASE)


def modules_with_rows() -> list[str]:
    return sorted(path.stem for path in STORE.glob("*.py") if path.stem not in {"__init__", *WITHOUT_ROWS})


def public_functions(module: str) -> Iterator[FunctionType]:
    loaded = import_module(f"gateway.store.{module}")
    for name, value in vars(loaded).items():
        if isinstance(value, FunctionType) and value.__module__ == loaded.__name__ and name[0] != "_":
            yield value


@pytest.mark.parametrize("module", modules_with_rows())
def test_every_store_function_takes_a_transaction_and_so_an_actor(module: str) -> None:
    for function in public_functions(module):
        if function.__name__ in PURE:
            continue  # pure: a value in, a value out
        first = next(iter(inspect.signature(function).parameters.values()), None)
        assert first is not None, f"{module}.{function.__name__} takes nothing"
        assert (first.name, first.annotation) == ("tx", Transaction.__name__), (
            f"{module}.{function.__name__} must take `tx: Transaction` first"
        )


def test_a_transaction_cannot_be_had_without_an_actor() -> None:
    assert list(inspect.signature(Transaction).parameters)[:2] == ["connection", "actor"]
    opened = [
        f"{path.relative_to(GATEWAY)}:{node.lineno}"
        for path in GATEWAY.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Transaction"
    ]
    assert all(place.startswith("store/database.py:") for place in opened), opened


def test_resources_are_selected_in_the_store_only_and_always_under_a_mark() -> None:
    found = 0
    for path in sorted(GATEWAY.rglob("*.py")):
        if "migrations" in path.parts:
            continue
        for name, sql, line in statements(path):
            if not RESOURCE_TABLES.search(sql):
                continue
            found += 1
            place = f"{path.relative_to(GATEWAY)}:{line}"
            assert path.parent == STORE, f"{place} selects resources outside the store"
            if (path.stem, name) not in UNMARKED:
                assert "{rows}" in sql or "{versions}" in sql, f"{place} selects resources of everybody"
    assert found >= 10


def statements(path: Path) -> Iterator[tuple[str, str, int]]:
    """(the name it is assigned to, text, line) of each string in a module; an f-string's values are `…`."""
    tree = ast.parse(path.read_text())
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    inside: set[int] = set()
    names = {id(part): target.id for target, value in assigned(tree) for part in ast.walk(value)}
    for node in ast.walk(tree):
        if id(node) in docs | inside:
            continue
        if isinstance(node, ast.JoinedStr):
            inside |= {id(part) for part in ast.walk(node)}
            parts = (part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
            yield names.get(id(node), ""), "".join(map(str, parts)), node.lineno
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield names.get(id(node), ""), node.value, node.lineno


def assigned(tree: ast.AST) -> Iterator[tuple[ast.Name, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0], node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield node.target, node.value


def test_only_the_composition_root_builds_the_gateway_actor() -> None:
    builders = {
        path.relative_to(GATEWAY).as_posix()
        for path in GATEWAY.rglob("*.py")
        if "Actor.gateway()" in path.read_text() or "ActorKind.GATEWAY," in path.read_text()
    }
    assert builders <= {"access/actors.py", "app.py"}, builders
