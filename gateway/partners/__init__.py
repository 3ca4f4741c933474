"""Kinds of partner systems, one folder each. A named partner is a file in config/partners/ that names
its kind.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from gateway.sync.ports import PartnerKind


@lru_cache(maxsize=1)
def kinds() -> Mapping[str, PartnerKind]:
    """Every kind by name. A new kind is a new folder; nothing else lists them."""
    found = {}
    for folder in pkgutil.iter_modules(__path__):
        kind: PartnerKind = importlib.import_module(f"{__name__}.{folder.name}").KIND
        found[kind.name] = kind
    return MappingProxyType(found)
