"""ConceptMaps of profiles/, compiled to two tables: what each of our codes is written as, and theirs read as.

A code is translated only where the ConceptMap says so, and never to the first of several: a code with several
equally good partners needs a word of the author (`prefer`, `write`). What is translated to something wider,
narrower or merely near is noted, so that each use can be reported.
Source: https://hl7.org/fhir/R4/conceptmap.html and valueset-concept-map-equivalence.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

from gateway.fhir.json_codec import read_stored
from gateway.places import DataFolder, data_folder


class Relation(StrEnum):
    """How their code relates to ours."""

    SAME = "the same"
    WIDER = "wider"
    NARROWER = "narrower"
    NEAR = "only near it"


_RELATIONS: Final[Mapping[str, Relation]] = {
    "equal": Relation.SAME,
    "equivalent": Relation.SAME,
    "wider": Relation.WIDER,
    "subsumes": Relation.WIDER,
    "narrower": Relation.NARROWER,
    "specializes": Relation.NARROWER,
    "inexact": Relation.NEAR,
    "relatedto": Relation.NEAR,
}
_TURNED: Final[Mapping[Relation, Relation]] = {
    Relation.SAME: Relation.SAME,
    Relation.WIDER: Relation.NARROWER,
    Relation.NARROWER: Relation.WIDER,
    Relation.NEAR: Relation.NEAR,
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a rule says about a ConceptMap.

    ours_is_source   our codes are the map's source; else its target
    prefer, write    which of several is meant: their code -> our code when read, ours -> theirs when written
    ours, theirs     the code system on each side, where the map has several groups; empty: any
    """

    ours_is_source: bool = True
    prefer: Mapping[str, str] = field(default_factory=dict)
    write: Mapping[str, str] = field(default_factory=dict)
    ours: str = ""
    theirs: str = ""


@dataclass(frozen=True, slots=True)
class Translation:
    """A ConceptMap at work.

    ours_of, theirs_of   the two tables
    targets              every code of theirs that our code may stand for, the one that is written among them
    lossy_in, lossy_out  what is lost when their code is read, or ours written: a sentence each
    unmatched            our codes of which the map says that they have no partner
    """

    ours: str
    theirs: str
    ours_of: Mapping[str, str]
    theirs_of: Mapping[str, str]
    targets: Mapping[str, tuple[str, ...]]
    lossy_in: Mapping[str, str]
    lossy_out: Mapping[str, str]
    unmatched: frozenset[str]
    our_displays: Mapping[str, str]
    their_displays: Mapping[str, str]


class ConceptMaps:
    """ConceptMap resources by id, name, canonical address, or the name of their file."""

    def __init__(self, resources: Iterable[Mapping[str, Any]]) -> None:
        self._found: dict[str, Mapping[str, Any]] = {}
        for resource in resources:
            for key in ("id", "name", "url"):
                if isinstance(resource.get(key), str):
                    self._found[resource[key]] = resource
            if isinstance(resource.get("url"), str) and isinstance(resource.get("version"), str):
                self._found[f"{resource['url']}|{resource['version']}"] = resource

    @classmethod
    def in_folder(cls, folder: Path) -> ConceptMaps:
        """Those of a folder: every file ConceptMap-*.json."""
        paths = sorted(folder.glob("ConceptMap-*.json"))
        read = ((path.stem.partition("-")[2], read_stored(path.read_bytes())) for path in paths)
        return cls({"id": stem, **found} for stem, found in read if isinstance(found, dict))

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that one can be called by."""
        return tuple(self._found)

    def find(self, name: str) -> Mapping[str, Any] | None:
        """The ConceptMap of that name, or None."""
        return self._found.get(name)


@cache
def shipped() -> ConceptMaps:
    """The ConceptMaps that ship with the gateway."""
    return ConceptMaps.in_folder(data_folder(DataFolder.PROFILES))


def translation(
    resource: Mapping[str, Any], wishes: Wishes, complain: Callable[[str, str], None]
) -> Translation:
    """The tables of a ConceptMap; what is ambiguous or missing is told to `complain` as (code, text)."""
    groups = _groups(resource, wishes, complain)
    pairs: dict[tuple[str, str], Relation] = {}
    unmatched: set[str] = set()
    displays: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for group in groups:
        for ours, theirs, relation in _rows(group, wishes, displays, complain):
            if relation is None or theirs is None:
                unmatched.add(ours)
            else:
                pairs[ours, theirs] = relation
    theirs_of = _chosen(((a, b, r) for (a, b), r in pairs.items()), wishes.write, "write", complain)
    ours_of = _chosen(((b, a, r) for (a, b), r in pairs.items()), wishes.prefer, "prefer", complain)
    targets = {ours: tuple(b for a, b in pairs if a == ours) for ours in theirs_of}
    return Translation(
        ours=_system(groups, wishes, ours=True),
        theirs=_system(groups, wishes, ours=False),
        ours_of=ours_of,
        theirs_of=theirs_of,
        targets=targets,
        lossy_in={b: text for b, a in ours_of.items() if (text := _read_loss(a, b, pairs))},
        lossy_out={a: text for a, b in theirs_of.items() if (text := _written_loss(a, b, pairs, ours_of))},
        unmatched=frozenset(unmatched - theirs_of.keys()),
        our_displays=displays[0],
        their_displays=displays[1],
    )


def _groups(
    resource: Mapping[str, Any], wishes: Wishes, complain: Callable[[str, str], None]
) -> list[Mapping[str, Any]]:
    sides = ("source", "target") if wishes.ours_is_source else ("target", "source")
    wanted = dict(zip(sides, (wishes.ours, wishes.theirs), strict=True))
    found = [
        group
        for group in resource.get("group", [])
        if all(not system or group.get(side) == system for side, system in wanted.items())
    ]
    if not found:
        complain("M143", "this ConceptMap has no group from and to these code systems")
    if len({(group.get("source"), group.get("target")) for group in found}) > 1:
        complain("M143", "this ConceptMap has several groups; say which: ours-system: … and theirs-system: …")
        return found[:1]
    return found


def _rows(
    group: Mapping[str, Any],
    wishes: Wishes,
    displays: tuple[dict[str, str], dict[str, str]],
    complain: Callable[[str, str], None],
) -> list[tuple[str, str | None, Relation | None]]:
    """(ours, theirs, how theirs relates to ours); None: our code has no partner."""
    rows: list[tuple[str, str | None, Relation | None]] = []
    at_source, at_target = displays if wishes.ours_is_source else displays[::-1]
    for element in group.get("element", []):
        source = element.get("code")
        if not isinstance(source, str):
            continue
        _remember(at_source, element)
        targets = element.get("target", [])
        if any(target.get("dependsOn") for target in targets):
            complain(
                "M143", f"what {source!r} becomes depends on other elements (dependsOn): map it by a switch"
            )
            continue
        for target in targets:
            relation, code = _RELATIONS.get(str(target.get("equivalence"))), target.get("code")
            if isinstance(code, str) and relation is not None:
                _remember(at_target, target)
                if wishes.ours_is_source:
                    rows.append((source, code, relation))
                else:
                    rows.append((code, source, _TURNED[relation]))
        partnerless = not any(str(target.get("equivalence")) in _RELATIONS for target in targets)
        if partnerless and wishes.ours_is_source:
            rows.append((source, None, None))
    return rows


def _remember(displays: dict[str, str], concept: Mapping[str, Any]) -> None:
    if isinstance(concept.get("display"), str) and isinstance(concept.get("code"), str):
        displays.setdefault(concept["code"], concept["display"])


def _chosen(
    pairs: Iterable[tuple[str, str, Relation]],
    wished: Mapping[str, str],
    key: str,
    complain: Callable[[str, str], None],
) -> dict[str, str]:
    """One partner for each code: the wished one, the only one, or the only one that is the same."""
    partners: dict[str, dict[str, Relation]] = {}
    for code, partner, relation in pairs:
        partners.setdefault(code, {})[partner] = relation
    chosen: dict[str, str] = {}
    for code, several in partners.items():
        exact = [partner for partner, relation in several.items() if relation is Relation.SAME]
        if code in wished and wished[code] in several:
            chosen[code] = wished[code]
        elif len(several) == 1 or len(exact) == 1:
            chosen[code] = (exact or list(several))[0]
        else:
            names = ", ".join(repr(partner) for partner in several)
            complain(
                "M140", f"{code!r} has several partners ({names}); say which is meant: {key}: {{{code}: …}}"
            )
    for code, partner in wished.items():
        if partner not in partners.get(code, {}):
            complain("M141", f"{key}: the ConceptMap does not pair {code!r} with {partner!r}")
    return chosen


def _read_loss(ours: str, theirs: str, pairs: Mapping[tuple[str, str], Relation]) -> str:
    relation = pairs[ours, theirs]
    if relation is Relation.SAME:
        return ""
    return f"{theirs!r} is read as {ours!r}; theirs is {relation.value}"


def _written_loss(
    ours: str, theirs: str, pairs: Mapping[tuple[str, str], Relation], ours_of: Mapping[str, str]
) -> str:
    relation, back = pairs[ours, theirs], ours_of.get(theirs)
    if relation is Relation.SAME and back == ours:
        return ""
    again = "" if back == ours else f" and reads back as {back!r}"
    return f"{ours!r} is written as {theirs!r}, which is {relation.value}{again}"


def _system(groups: list[Mapping[str, Any]], wishes: Wishes, *, ours: bool) -> str:
    side = "source" if ours is wishes.ours_is_source else "target"
    return next((str(group[side]) for group in groups if isinstance(group.get(side), str)), "")
