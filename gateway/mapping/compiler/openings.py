"""Going down into nested objects in compiled code: what several rules share is looked up once.

`a.b.c` and `a.b.d`, one after the other, are read inside the same `if`; an element that rules come back to is
looked up at the top of the function.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.mapping.compiler.script import Script
from gateway.mapping.paths import First, Name, Select, Step, Steps, show


@dataclass(frozen=True, slots=True)
class _Open:
    key: str
    value: str
    depth: int


class Openings:
    """The objects along the paths that are open at this point of a script, under one object."""

    def __init__(self, script: Script, root: str, often: Iterable[str] = ()) -> None:
        self.root = root
        self._script, self._base = script, script.depth
        self._open: list[_Open] = []
        self._hoisted = {name: self._hoist(name) for name in often}

    def inside(self) -> Openings:
        """The same object at the present depth of the script, with nothing open."""
        inner = Openings(self._script, self.root)
        inner._hoisted = self._hoisted
        return inner

    def _hoist(self, name: str) -> str:
        value = self._script.name(name)
        self._script.line(f"{value} = {self.root}.get({name!r}, NOTHING)")
        self._script.line(
            f"if {value}.__class__ is not dict and not isinstance({value}, dict): {value} = NOTHING"
        )
        return value

    def close(self) -> None:
        """Leave all that is open."""
        self._open.clear()
        self._script.depth = self._base

    def object_at(self, steps: Steps, then: Step | None = None) -> str:
        """The name of the object at the path; what is written next runs only when there is one.

        then   the step that follows: a list, or what stands for one, is as good for one that picks an item
        """
        shared = 0
        keys = [show((step,)) for step in steps]
        while shared < min(len(keys), len(self._open)) and self._open[shared].key == keys[shared]:
            shared += 1
        del self._open[shared:]
        self._script.depth = self._open[-1].depth if self._open else self._base
        value = self._open[-1].value if self._open else self.root
        for number in range(shared, len(steps)):
            following = steps[number + 1] if number + 1 < len(steps) else then
            value = self._enter(value, steps[number], following, top=number == 0)
            self._open.append(_Open(keys[number], value, self._script.depth))
        return value

    def value_at(self, steps: Steps) -> str:
        """The name of the value at the path; what is written next runs only when it is there."""
        step, holder = steps[-1], self.object_at(steps[:-1], steps[-1])
        value = self._script.name(show((step,)))
        if isinstance(step, Name):
            self._go_in(f"if {step.name!r} in {holder}:")
            self._script.line(f"{value} = {holder}[{step.name!r}]")
        else:
            self._script.line(f"{value} = {self._picked(holder, step)}")
            self._go_in(f"if {value} is not MISSING:")
        return value

    def _enter(self, holder: str, step: Step, following: Step | None, *, top: bool) -> str:
        into_list = isinstance(following, First | Select)
        if isinstance(step, Name) and top and not into_list and step.name in self._hoisted:
            value = self._hoisted[step.name]
            self._go_in(f"if {value}:")
            return value
        value = self._script.name(show((step,)))
        if isinstance(step, Name):
            self._go_in(f"if {step.name!r} in {holder}:")
            self._script.line(f"{value} = {holder}[{step.name!r}]")
        else:
            self._script.line(f"{value} = {self._picked(holder, step)}")
        if not into_list:
            self._go_in(f"if {value}.__class__ is dict or isinstance({value}, dict):")
        return value

    def _picked(self, holder: str, step: Step) -> str:
        if isinstance(step, First):
            return f"first({holder})"
        assert isinstance(step, Select), "a list is walked by its rule, not along a path"
        if len(step.pattern) == 1:
            name, value = next(iter(step.pattern.items()))
            if isinstance(value, str):
                return f"first_with({holder}, {name!r}, {value!r})"
        return f"first_like({holder}, {self._script.constant(step.pattern, 'pattern')})"

    def _go_in(self, header: str) -> None:
        self._script.line(header)
        self._script.depth += 1


def met_often(paths: Iterable[Steps]) -> tuple[str, ...]:
    """The objects that more than one of these paths goes down into first."""
    paths = [path for path in paths if not isinstance(path[1] if len(path) > 1 else None, First | Select)]
    opened = Counter(path[0].name for path in paths if len(path) > 1 and isinstance(path[0], Name))
    return tuple(name for name, count in opened.items() if count > 1)
