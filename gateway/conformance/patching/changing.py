"""The five changes of a FHIRPath Patch, made to the elements that their paths found.

What becomes empty goes with what it held: R4 has no empty elements. A list of primitives and the list beside
it stay aligned.
Source: https://hl7.org/fhir/R4/fhirpatch.html and https://hl7.org/fhir/R4/json.html#primitive
"""

from __future__ import annotations

from typing import Any

from gateway.conformance.facts import Element
from gateway.conformance.patching.patch_values import PatchValue, aligned, placed
from gateway.conformance.patching.spots import NotResolvedError, Spot, children, element_in, holder_in


def add(spot: Spot, name: str, value: PatchValue) -> None:
    """The value is an element `name` of the spot, the last where R4 has a list; else there is none yet."""
    element = element_in(spot, name)
    if element.repeats:
        _insert(spot, element, len(list(children(spot, name))), value)
        return
    if next(children(spot, name), None) is not None:
        raise NotResolvedError(f"{element.name} is there already: replace it.")
    each, held, beside = placed(value, element)
    _put(_made(spot), each, held, beside)


def insert(spot: Spot, name: str, index: int, value: PatchValue) -> None:
    """The value is at `index` of the spot's list `name`, 0 the first; at most behind all that is there."""
    element = _list_element(spot, name)
    if index > len(list(children(spot, name))):
        raise NotResolvedError("its index is beyond the end of the list.")
    _insert(spot, element, index, value)


def move(spot: Spot, name: str, source: int, destination: int) -> None:
    """The item at `source` of the spot's list `name` stands at `destination` of it, the others in order."""
    element = _list_element(spot, name)
    many = len(list(children(spot, name)))
    if max(source, destination) >= many:
        raise NotResolvedError("its source or its destination is beyond the end of the list.")
    holder = holder_in(spot)
    assert holder is not None, "it has items"
    for each in (element.name, f"_{element.name}"):
        if isinstance(items := holder.get(each), list):
            items.extend([None] * (many - len(items)))
            items.insert(destination, items.pop(source))


def replace(spot: Spot, value: PatchValue) -> None:
    """The value stands where the spot stood, in the same place among the others."""
    if spot.above is None:
        raise NotResolvedError("a resource is not replaced by a patch: update it.")
    element = spot.element
    if element.choice:  # a choice may be made anew
        element = element_in(spot.above, element.choice)
    each, held, beside = placed(value, element)
    if spot.index is not None:
        _set_item(spot.holder, each, spot.index, held, beside)
        return
    before = dict(spot.holder)
    spot.holder.clear()
    for name, kept in before.items():
        if name.removeprefix("_") != spot.name:
            spot.holder[name] = kept
        elif each not in spot.holder and f"_{each}" not in spot.holder:
            _put(spot.holder, each, held, beside)


def delete(spot: Spot) -> None:
    """The element is not there any more, nor what held nothing else."""
    if spot.above is None:
        raise NotResolvedError("a resource is not deleted by a patch: delete it.")
    for each in (spot.name, f"_{spot.name}"):
        held = spot.holder.get(each)
        if spot.index is None:
            spot.holder.pop(each, None)
        elif isinstance(held, list):
            if spot.index < len(held):
                del held[spot.index]
            if all(item is None for item in held):
                del spot.holder[each]
    if not spot.holder:
        _give_up(spot.above)


def _give_up(spot: Spot) -> None:
    """What is left of an element whose last child went: nothing, or a primitive's value."""
    if spot.above is None:
        return
    if not spot.is_primitive or spot.value is None:
        delete(spot)
    elif spot.index is None:
        del spot.holder[f"_{spot.name}"]
    else:
        spot.holder[f"_{spot.name}"][spot.index] = None
        if not any(spot.holder[f"_{spot.name}"]):
            del spot.holder[f"_{spot.name}"]


def _list_element(spot: Spot, name: str) -> Element:
    element = element_in(spot, name)
    if not element.repeats:
        raise NotResolvedError(f"{element.name} is no list.")
    return element


def _insert(spot: Spot, element: Element, index: int, value: PatchValue) -> None:
    each, held, beside = placed(value, element)
    holder = _made(spot)
    _refuse_other_than_list(holder, each)
    has_beside = beside is not None or f"_{each}" in holder
    items = holder.setdefault(each, [])
    # Of primitives that all have no value there is only what stands beside them.
    items.extend([None] * (len(holder.get(f"_{each}") or []) - len(items)))
    if has_beside:
        aligned(holder, each).insert(index, beside)
    items.insert(index, held)


def _set_item(holder: dict[str, Any], each: str, index: int, held: Any, beside: Any) -> None:
    items = holder.setdefault(each, [])
    items.extend([None] * (index + 1 - len(items)))
    items[index] = held
    if beside is not None or f"_{each}" in holder:
        aligned(holder, each)[index] = beside
        if not any(holder[f"_{each}"]):
            del holder[f"_{each}"]


def _refuse_other_than_list(holder: dict[str, Any], each: str) -> None:
    # Stored before it was checked as strictly as today; the whole resource is refused anyway.
    if not all(isinstance(holder.get(name, []), list) for name in (each, f"_{each}")):
        raise NotResolvedError("what is stored there is no list.")


def _made(spot: Spot) -> dict[str, Any]:
    """The JSON object that takes children of the spot; beside a primitive it is made when there is none."""
    holder = holder_in(spot)
    if holder is not None:
        return holder
    if not spot.is_primitive:
        raise NotResolvedError("what is stored there is no object.")
    made: dict[str, Any] = {}
    if spot.index is None:
        spot.holder[f"_{spot.name}"] = made
    else:
        aligned(spot.holder, spot.name)[spot.index] = made
    return made


def _put(holder: dict[str, Any], name: str, held: Any, beside: Any) -> None:
    if held is not None:
        holder[name] = held
    if beside is not None:
        holder[f"_{name}"] = beside
