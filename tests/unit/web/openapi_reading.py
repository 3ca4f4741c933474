"""Reading an OpenAPI 3.0 description as a stranger would: what may be sent, and whether an answer fits.

Source: https://spec.openapis.org/oas/v3.0.3#schema-object
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st

Spec = Mapping[str, Any]
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float, Decimal),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}
# Words that somewhere mean something: the description says "string" for all of them.
WORDS: Final = (
    "active", "draft", "2026", "2026-11", "2026-11-22", "2026-11-22T09:30:00Z", "2026-13-45", "resolved",
    "https://example.org/x", "urn:uuid:6a3c7d3e-0000-4000-8000-000000000000", "Practitioner/9", "Patient/9",
    "#contained", "two words", " ", "", "\u0000", "na\u00efve \U0001f600", "x" * 300, "../..", "null", "1e3",
)  # fmt: skip
_ANYTHING: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=2),
    max_leaves=4,
)


def operations(spec: Spec) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """(method, path, operation) of all that is described; parameters of the path included."""
    for path, item in spec["paths"].items():
        for method in ("get", "post", "put", "patch", "delete"):
            if method in item:
                shared = item.get("parameters", [])
                yield (
                    method,
                    path,
                    {**item[method], "parameters": [*shared, *item[method].get("parameters", [])]},
                )


def resolved(spec: Spec, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema itself, where it may be a reference to one of the components."""
    while "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def values(
    spec: Spec, schema: Mapping[str, Any], ids: tuple[str, ...], depth: int = 0
) -> st.SearchStrategy[Any]:
    """Values that the schema allows, `ids` among its strings; every tenth or so it does not allow."""
    schema = resolved(spec, schema)
    choices = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    if choices:
        fitting: st.SearchStrategy[Any] = st.one_of([values(spec, one, ids, depth) for one in choices])
    elif "enum" in schema:
        fitting = st.sampled_from(schema["enum"])
    else:
        fitting = _typed(spec, schema, ids, depth)
    return st.integers(0, 11).flatmap(lambda n: _ANYTHING if n == 0 and depth else fitting)


def _typed(spec: Spec, schema: Mapping[str, Any], ids: tuple[str, ...], depth: int) -> st.SearchStrategy[Any]:
    match schema.get("type"):
        case "integer":
            return st.integers(-3, 200)
        case "number":
            return st.integers(-3, 200) | st.floats(-1e6, 1e6, allow_nan=False)
        case "boolean":
            return st.booleans()
        case "array":
            items = values(spec, schema["items"], ids, depth + 1)
            return st.lists(items, max_size=2) if depth < 4 else st.just([])
        case "object":
            return _objects(spec, schema, ids, depth)
        case _:
            return st.sampled_from((*ids, *WORDS))


def _objects(
    spec: Spec, schema: Mapping[str, Any], ids: tuple[str, ...], depth: int
) -> st.SearchStrategy[Any]:
    if depth > 4:
        return st.just({})
    fields = {
        name: values(spec, field, ids, depth + 1)
        for name, field in schema.get("properties", {}).items()
        if not resolved(spec, field).get("readOnly")
    }
    needed = {name: fields.pop(name) for name in schema.get("required", ()) if name in fields}
    some = st.lists(st.sampled_from(sorted(fields)), max_size=4, unique=True) if fields else st.just([])
    return some.flatmap(lambda names: st.fixed_dictionaries(needed | {name: fields[name] for name in names}))


def misfits(spec: Spec, schema: Mapping[str, Any], value: Any, at: str = "$") -> Iterator[str]:
    """Where the value is not what the schema says; nothing when it fits."""
    schema = resolved(spec, schema)
    if value is None:
        if not schema.get("nullable") and "anyOf" not in schema:
            yield f"{at} is null"
        return
    if choices := (schema.get("anyOf") or schema.get("oneOf")):
        if all(any(misfits(spec, one, value, at)) for one in choices):
            yield f"{at} fits none of its choices"
        return
    kind = schema.get("type")
    if kind and (not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        yield f"{at} is no {kind}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at} is none of {schema['enum']}"
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from misfits(spec, schema.get("items", {}), item, f"{at}[{index}]")
    if isinstance(value, dict):
        yield from _misfitting_fields(spec, schema, value, at)


def _misfitting_fields(
    spec: Spec, schema: Mapping[str, Any], value: dict[str, Any], at: str
) -> Iterator[str]:
    known = schema.get("properties", {})
    for name, below in value.items():
        if name in known:
            yield from misfits(spec, known[name], below, f"{at}.{name}")
        elif schema.get("additionalProperties", True) is False:
            yield f"{at}.{name} is not described"
