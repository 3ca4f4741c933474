"""One resource between two id spaces: the partner's own, and ours.

Only literal references and the mark of our copies change; everything else travels as it is. What is not at
hand here (the ledger, the links of persons) comes in as look-ups, so that this stays a pure function of its
arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from gateway.errors import Unprocessable
from gateway.fhir.json_codec import Resource
from gateway.fhir.references import ReferenceKind, parse_reference, relative, rewrite

OursOf: TypeAlias = Callable[[str, str], str]
"""Our id for their (type, id); one is allocated for what has not arrived yet."""
TheirsOf: TypeAlias = Callable[[str, str], str | None]
"""Their id for our (type, id); None when the partner holds no such thing."""

# R4 gives these no list of identifiers, so that a copy of one could not be found again after a lost answer.
UNMARKABLE = frozenset(
    {"AuditEvent", "Binary", "Bundle", "Composition", "Provenance", "QuestionnaireResponse"}
)


@dataclass(frozen=True, slots=True)
class Addresses:
    """The two service bases, without a final slash."""

    ours: str
    theirs: str


def to_ours(resource: Resource, addresses: Addresses, ours_of: OursOf) -> Resource:
    """Their resource as it reads here: references ours, without the mark that we put on copies.

    References to other servers, contained resources, logical and conditional references are kept as they
    are. A reference to one version there points at the resource: their version numbers mean nothing here.
    """

    def ours(text: str) -> str:
        reference = parse_reference(text)
        match reference.kind:
            case ReferenceKind.RELATIVE:
                is_theirs = True
            case ReferenceKind.ABSOLUTE if reference.base == addresses.theirs:
                is_theirs = True
            case ReferenceKind.ABSOLUTE if reference.base == addresses.ours:
                is_theirs = False
            case _:
                return text
        assert reference.type is not None
        assert reference.id is not None
        id = ours_of(reference.type, reference.id) if is_theirs else reference.id
        return relative(reference.type, id)

    return _unmarked(rewrite(resource, ours), addresses.ours)


def to_theirs(resource: Resource, addresses: Addresses, theirs_of: TheirsOf) -> Resource:
    """Our resource as the partner reads it: references to what it holds are its own, the rest lead here.

    A reference to something the partner does not hold becomes its absolute address in this gateway; display,
    identifier and type beside it are kept, so it can be read even where it is not followed. Our id and our
    meta (version, time, source) are left out.
    """

    def theirs(text: str) -> str:
        reference = parse_reference(text)
        if reference.kind is not ReferenceKind.RELATIVE:
            return text
        assert reference.type is not None
        assert reference.id is not None
        their_id = theirs_of(reference.type, reference.id)
        if their_id is not None:
            return relative(reference.type, their_id)
        return f"{addresses.ours}/{text}"

    return _without_our_meta(rewrite(resource, theirs))


def marked(resource: Resource, addresses: Addresses, our_id: str) -> Resource:
    """The copy with the identifier by which it is found again: our base as system, `Type/<our id>` as value.

    Raises Unprocessable for types to which R4 gives no list of identifiers.
    """
    mark = mark_of(str(resource["resourceType"]), our_id, addresses)
    if resource["resourceType"] in UNMARKABLE:
        raise Unprocessable(f"{resource['resourceType']} cannot carry our identifier and is not sent")
    held = _unmarked(resource, addresses.ours).get("identifier", [])
    return {**resource, "identifier": [*held, {"system": mark[0], "value": mark[1]}]}


def mark_of(type: str, our_id: str, addresses: Addresses) -> tuple[str, str]:
    """System and value of the identifier that our copy of this resource carries at partners."""
    return addresses.ours, relative(type, our_id)


def our_id_on(resource: Resource, addresses: Addresses) -> str | None:
    """Our id of the resource whose copy this is, by the mark it carries; None when it carries none."""
    for item in _identifiers(resource):
        reference = parse_reference(str(item.get("value", "")))
        if item.get("system") == addresses.ours and reference.type == resource.get("resourceType"):
            return reference.id
    return None


def _unmarked(resource: Resource, system: str) -> Resource:
    held = _identifiers(resource)
    left = [item for item in held if item.get("system") != system]
    if len(left) == len(held):
        return resource
    without = {name: value for name, value in resource.items() if name != "identifier"}
    return {**resource, "identifier": left} if left else without


def _identifiers(resource: Resource) -> list[dict[str, Any]]:
    held = resource.get("identifier")
    return [item for item in held if isinstance(item, dict)] if isinstance(held, list) else []


def _without_our_meta(resource: Resource) -> Resource:
    meta = resource.get("meta")
    kept = (
        {name: value for name, value in meta.items() if name not in ("versionId", "lastUpdated", "source")}
        if isinstance(meta, dict)
        else {}
    )
    sent = {name: value for name, value in resource.items() if name not in ("id", "meta")}
    return {"resourceType": sent.pop("resourceType"), **({"meta": kept} if kept else {}), **sent}
