"""/api/docs: the OpenAPI description as a page for people, made here, with no script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Response, make_response, render_template
from flask_smorest import Api

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_METHODS: Final = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class OperationShown:
    """One method at one address, as the page shows it. Schemas are names to look up further down."""

    method: str
    path: str
    summary: str
    parameters: tuple[Mapping[str, Any], ...]
    takes: tuple[str, ...]
    answers: tuple[tuple[str, str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class FieldShown:
    """One field of a schema."""

    name: str
    kind: str
    is_required: bool
    is_read_only: bool
    words: str


def docs_page(api: Api) -> Blueprint:
    """The page. It is public: it holds no data."""
    page = Blueprint("api-docs-page", __name__, url_prefix="/api", template_folder="templates")

    @page.get("/docs", endpoint="docs")
    def docs() -> Response:
        spec: Mapping[str, Any] = api.spec.to_dict()
        html = render_template(
            "records_api/docs.html",
            title=spec["info"]["title"],
            groups=_groups(spec),
            schemas={name: list(_fields(schema)) for name, schema in _schemas(spec).items()},
        )
        answer = make_response(html)
        answer.headers["Content-Security-Policy"] = _POLICY
        return answer

    return page


def _groups(spec: Mapping[str, Any]) -> dict[str, list[OperationShown]]:
    groups: dict[str, list[OperationShown]] = {}
    for path, item in spec["paths"].items():
        for method in _METHODS:
            if (operation := item.get(method)) is not None:
                tag = operation.get("tags", [""])[0]
                shared = item.get("parameters", [])
                groups.setdefault(tag, []).append(_shown(method, path, operation, shared))
    return groups


def _shown(method: str, path: str, operation: Mapping[str, Any], shared: list[Any]) -> OperationShown:
    answers = [
        (status, answer.get("description", ""), tuple(_named(answer.get("content", {}))))
        for status, answer in sorted(operation.get("responses", {}).items())
    ]
    return OperationShown(
        method.upper(),
        path,
        operation.get("summary", ""),
        (*shared, *operation.get("parameters", ())),
        tuple(_named(operation.get("requestBody", {}).get("content", {}))),
        tuple(answers),
    )


def _named(content: Mapping[str, Any]) -> Iterator[str]:
    """The names of the schemas that a body of this content holds, each once."""
    seen = [name for media in content.values() for name in _references(media.get("schema", {}))]
    yield from dict.fromkeys(seen)


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        if "$ref" in schema:
            yield str(schema["$ref"]).rpartition("/")[2]
        for below in schema.values():
            yield from _references(below)
    elif isinstance(schema, list):
        for below in schema:
            yield from _references(below)


def _schemas(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    schemas: Mapping[str, Any] = spec.get("components", {}).get("schemas", {})
    return {name: schemas[name] for name in sorted(schemas)}


def _fields(schema: Mapping[str, Any]) -> Iterator[FieldShown]:
    required = set(schema.get("required", ()))
    for name, field in schema.get("properties", {}).items():
        yield FieldShown(name, _kind(field), name in required, bool(field.get("readOnly")), _words(field))


def _kind(field: Mapping[str, Any]) -> str:
    named = list(_references(field))
    if field.get("type") == "array":
        return f"list of {_kind(field.get('items', {}))}"
    if named:
        return named[0]
    if choices := field.get("oneOf"):
        return " or ".join(_kind(choice) for choice in choices)
    return str(field.get("type", "any"))


def _words(field: Mapping[str, Any]) -> str:
    allowed = [str(value) for value in field.get("enum", ()) if value is not None]
    said = [field, *field.get("oneOf", ()), field.get("items", {})]
    words = next((one["description"] for one in said if "description" in one), "")
    return ", ".join(allowed) if allowed else str(words)
