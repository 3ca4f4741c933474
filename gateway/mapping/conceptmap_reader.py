"""Reading `codes: {conceptmap: …}`: a table that stands in profiles/ instead of in the rule file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.mapping.codecs import TranslatedConcept, Unmatched
from gateway.mapping.paths import Select, Steps
from gateway.mapping.problems import did_you_mean
from gateway.mapping.scope import Scope
from gateway.mapping.terminology import Translation, Wishes, translation
from gateway.mapping.yaml_lines import Node

_KEYS: Final = ("conceptmap", "ours", "prefer", "write", "unmatched", "ours-system", "theirs-system")


def names_concept_map(table: Node) -> bool:
    """Whether a table is a ConceptMap."""
    return isinstance(table.value, dict) and "conceptmap" in table.value


def read_translation(table: Node, steps: Steps, scope: Scope) -> Translation | None:
    """The two tables of the ConceptMap that a table names; what is wrong with it is reported here."""
    entries = scope.only_keys(table, _KEYS)
    name = scope.text(entries["conceptmap"])
    resource = scope.concept_maps.find(name)
    if resource is None:
        near = did_you_mean(name, scope.concept_maps.names)
        text = f"there is no ConceptMap {name!r}: profiles/ConceptMap-{name}.json is missing{near}"
        scope.wrong(entries["conceptmap"], "M143", text)
        return None
    side = scope.text(entries["ours"]) if "ours" in entries else "source"
    if side not in ("source", "target"):
        scope.wrong(entries["ours"], "M143", "ours is the source or the target of the ConceptMap")
    wishes = Wishes(
        ours_is_source=side != "target",
        prefer=_pairs(entries.get("prefer"), scope),
        write=_pairs(entries.get("write"), scope),
        ours=_system(entries.get("ours-system"), scope),
        theirs=_system(entries.get("theirs-system"), scope) or _selected_system(steps),
    )

    def complain(code: str, text: str) -> None:
        scope.wrong(table, code, f"ConceptMap {name!r}: {text}")

    return translation(resource, wishes, complain)


def read_translated_concept(table: Node, steps: Steps, scope: Scope) -> TranslatedConcept | None:
    """The codec of a concept whose code the table translates; both sides must name their code system."""
    found = read_translation(table, steps, scope)
    if found is None:
        return None
    if not (found.ours and found.theirs):
        scope.wrong(
            table, "M143", "a concept has a code system; the ConceptMap's group names source and target"
        )
        return None
    return TranslatedConcept(translation=found, unmatched=unmatched(table, scope))


def unmatched(table: Node, scope: Scope) -> Unmatched:
    """What the table says becomes of a code without a partner; an error, when it says nothing."""
    node = table.value.get("unmatched") if isinstance(table.value, dict) else None
    if node is None:
        return Unmatched.ERROR
    word, known = scope.text(node), [each.value for each in Unmatched]
    if word not in known:
        scope.wrong(node, "M143", f"unmatched is one of {', '.join(known)}{did_you_mean(word, known)}")
        return Unmatched.ERROR
    return Unmatched(word)


def _pairs(node: Node | None, scope: Scope) -> Mapping[str, str]:
    if node is None:
        return {}
    if not isinstance(node.value, dict):
        scope.wrong(node, "M002", "pairs of codes belong here: {code: which}")
        return {}
    return {code: scope.text(child) for code, child in node.value.items()}


def _system(node: Node | None, scope: Scope) -> str:
    return "" if node is None else scope.text(node)


def _selected_system(steps: Steps) -> str:
    """The code system that the path itself selects: `x.coding[system=URL].code`."""
    step = steps[-2] if len(steps) > 1 else None
    system = step.pattern.get("system") if isinstance(step, Select) else None
    return system if isinstance(system, str) else ""
