"""The registered pairs: one file each, named like the pair with underscores, holding it as PAIR.

A file that is put here is registered. A pair is tried when a rule that uses it is loaded (M161).
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Final

from gateway.mapping.codecs.pair import Pair


def _registered() -> dict[str, Pair]:
    pairs: dict[str, Pair] = {}
    for module in sorted(iter_modules(__path__), key=lambda found: found.name):
        pair = getattr(import_module(f"{__name__}.{module.name}"), "PAIR", None)
        if not isinstance(pair, Pair) or pair.name.replace("-", "_") != module.name:
            raise TypeError(
                f"{module.name}.py must hold PAIR, a Pair named {module.name.replace('_', '-')!r}"
            )
        pairs[pair.name] = pair
    return pairs


PAIRS: Final[Mapping[str, Pair]] = MappingProxyType(_registered())
