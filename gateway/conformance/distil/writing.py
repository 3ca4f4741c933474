"""The facts file: deterministic text, one type, value set, extension or parameter a line, so diffs read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from gateway.conformance.distil.extensions import extensions_of
from gateway.conformance.distil.package import Package
from gateway.conformance.distil.searches import compartments_of, search_parameters_of
from gateway.conformance.distil.terminology import Terminology
from gateway.conformance.distil.types import types_of
from gateway.conformance.facts import Binding, ExtensionFacts, Strength, TypeFacts
from gateway.conformance.facts.facts import FORMAT

_encoder = msgspec.json.Encoder()


def facts_text(package: Package) -> bytes:
    """The facts of a package as the bytes of the facts file."""
    types = types_of(package)
    extensions = extensions_of(package)
    return b"\n".join(
        [
            b'{"format":%d,' % FORMAT,
            b'"version":%s,' % _encoder.encode(package.version),
            b'"types":{%s},' % _entries(types),
            b'"value_sets":{%s},' % _entries(_value_sets(package, types.values(), extensions.values())),
            b'"extensions":{%s},' % _entries(extensions),
            b'"search":[%s],' % _items(search_parameters_of(package)),
            b'"compartments":[%s]}' % _items(compartments_of(package)),
            b"",
        ]
    )


def _entries(held: Mapping[str, Any]) -> bytes:
    lines = (b"%s:%s" % (_encoder.encode(name), _encoder.encode(each)) for name, each in sorted(held.items()))
    return b"\n" + b",\n".join(lines) + b"\n"


def _items(held: Iterable[Any]) -> bytes:
    return b"\n" + b",\n".join(map(_encoder.encode, held)) + b"\n"


def _value_sets(
    package: Package, types: Iterable[TypeFacts], extensions: Iterable[ExtensionFacts]
) -> dict[str, dict[str, list[str]] | None]:
    """The codes of every value set that something must keep to."""
    bindings = [element.binding for held in types for element in held.elements.values()]
    bindings += [binding for held in extensions for binding in _bindings(held)]
    urls = {url for binding in bindings if binding is not None for url in _closed(binding)}
    terminology = Terminology(package)
    return {url: terminology.codes(url) for url in urls}


def _bindings(extension: ExtensionFacts) -> list[Binding | None]:
    return [
        extension.binding,
        *(binding for part in extension.parts.values() for binding in _bindings(part)),
    ]


def _closed(binding: Binding) -> list[str]:
    required = [binding.value_set] if binding.strength is Strength.REQUIRED else []
    return [url for url in (*required, binding.most) if url]
