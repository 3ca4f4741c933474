"""Rules as people read and compare them: what each says, apart from the line it stands on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any, Final

from gateway.fhir.json_codec import write
from gateway.fhir.systems import EXTENSIONS
from gateway.mapping.lens import Lens
from gateway.mapping.paths import Name, Steps, show
from gateway.mapping.record_account import read_only_because
from gateway.mapping.rule_homes import Home, homes, paths_of
from gateway.mapping.rules import BackLinkedParts, Block, Fixed, Items, LinkedParts, Origin, Switch, Values

_WORDS: Final = {
    "Plain": "",
    "Field": "as it is",
    "Values": "as they are",
    "Items": "list",
    "LinkedParts": "split",
    "BackLinkedParts": "split",
    "Joint": "joint",
    "Carried": "codes, carried",
    "Switch": "switch",
    "RecordReference": "ref",
    "AnyReference": "ref any",
    "Day": "date",
    "Moment": "utc",
    "CodingCodec": "coding",
    "QuantityIn": "quantity",
    "Pair": "py",
    "TranslatedConcept": "concept, translated",
}
_EXTENSION: Final = re.compile(r"extension\[url=([^\]]+)\]")
_SKIPPED: Final = frozenset({"origin", "block", "ours", "hidden", "stale"})


@dataclass(frozen=True, slots=True)
class RuleText:
    """One rule in words: the record field, the elements, how the value is translated, and where it stands.

    says       everything that makes the rule what it is; equal for rules that do the same
    borrowed   it stands in the map of another record, which this one splits into
    """

    field: str
    elements: str
    codec: str
    origin: Origin
    because: str
    says: str
    borrowed: bool


def rule_texts(lens: Lens) -> Iterator[RuleText]:
    """Every rule of a map, in the order of its file."""
    for home in homes(lens.rules.root):
        yield RuleText(
            ".".join(home.ours),
            elements_of(home),
            codec_of(home.rule),
            home.origin,
            read_only_because(home) or "",
            repr(_plain(home.rule)),
            any(isinstance(each, LinkedParts) for each in home.lists),
        )


def elements_of(home: Home) -> str:
    """The paths of a rule from its resource on; an item's path begins at the list that it stands in."""
    before = "".join(_prefix(each) for each in home.lists)
    paths = [show(steps) for steps in paths_of(home.rule)]
    if isinstance(home.rule, BackLinkedParts):
        paths = [f"{home.rule.type}.{show(home.rule.by)}"]
    return " + ".join(_briefly(f"{before}{path}") for path in paths)


def _briefly(path: str) -> str:
    """The path with its extensions as a rule file writes them."""
    return _EXTENSION.sub(lambda found: f"ext({found[1].removeprefix(EXTENSIONS)})", path)


def _prefix(rule: Any) -> str:
    if isinstance(rule, BackLinkedParts):
        return f"{rule.type}."
    steps = paths_of(rule)
    linked = f" -> {rule.type}." if hasattr(rule, "type") else "."
    return f"{show(steps[0])}{linked}" if steps else ""


def codec_of(rule: Any) -> str:
    """How a rule translates its value, in a word or two."""
    codec = getattr(rule, "codec", None)
    words = [] if codec is None else [_WORDS.get(type(codec).__name__, type(codec).__name__.lower())]
    words += [target for target in (getattr(codec, "type", None),) if isinstance(target, str)]
    if isinstance(rule, Values) and rule.one:
        words.append("one")
    if getattr(rule, "copied", False):
        words.append("copied")
    return " ".join(word for word in words if word) or _WORDS[type(rule).__name__]


@dataclass(frozen=True, slots=True)
class Setting:
    """What a map says beside its rules: a fixed value, an element that it ignores, its narrative."""

    what: str
    says: str
    origin: Origin


def settings_of(lens: Lens) -> Iterator[Setting]:
    """The settings of a map, without those of the maps that it splits into."""
    return _settings(lens.rules.root, f"{lens.type}.")


def _settings(block: Block, where: str) -> Iterator[Setting]:
    for word, values in (("fixed", block.fixed), ("always", block.always)):
        for fixed in values:
            yield Setting(f"{word} {where}{_target(fixed)}", write(fixed.pattern).decode(), fixed.origin)
    for ignored in block.ignored:
        yield Setting(f"ignored {where}{show(ignored.steps)}", ignored.because, ignored.origin)
    if block.narrative:
        yield Setting(f"narrative {where}text", block.narrative, block.origin)
    for rule in block.rules:
        if isinstance(rule, Items):
            yield from _settings(rule.block, f"{where}{_briefly(show(paths_of(rule)[0]))}.")
        elif isinstance(rule, BackLinkedParts):
            yield from _settings(rule.block, f"{rule.type}.")
        elif isinstance(rule, Switch):
            for case in rule.cases:
                yield from _settings(case.block, where)


def _target(fixed: Fixed) -> str:
    steps: Steps = fixed.steps if fixed.name is None else (*fixed.steps, Name(fixed.name))
    return show(steps) + ("[]" if fixed.name else "")


def _plain(value: Any) -> Any:
    """A rule without its place: equal for rules that do the same."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        named = ((each.name, getattr(value, each.name)) for each in fields(value))
        return (type(value).__name__, *((name, _plain(held)) for name, held in named if name not in _SKIPPED))
    if isinstance(value, Mapping):
        return sorted((str(name), _plain(held)) for name, held in value.items())
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
