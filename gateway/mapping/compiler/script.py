"""Python source that is being written: lines, fresh names, and the values that it refers to by name.

Only names that are made here and literals by `repr` ever get into the source; whatever else the code needs
(tables, codecs, rules) is handed to it in its namespace.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator
from contextlib import contextmanager
from keyword import iskeyword
from typing import Any, Final

_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9]+")
_INDENT: Final = "    "


class Script:
    """Lines of Python with their indentation, and the constants that they name."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.constants: dict[str, Any] = {}
        self.depth = 0
        self._note = ""
        self._names: dict[int, str] = {}
        self._taken: set[str] = set()

    @property
    def text(self) -> str:
        """The source so far."""
        return "\n".join(self.lines) + "\n"

    def line(self, text: str) -> None:
        """Add a line at the present depth."""
        note, self._note = self._note, ""
        if note and text:
            self.lines.append(f"{_INDENT * self.depth}# {note}")
        self.lines.append(f"{_INDENT * self.depth}{text}" if text else "")

    def note(self, text: str) -> None:
        """What the next line is about: it comes before it as a comment."""
        self._note = " ".join(text.split())

    @contextmanager
    def inside(self, header: str) -> Iterator[None]:
        """Add a header; what is added meanwhile stands inside it."""
        self.line(header)
        before = self.depth
        self.depth += 1
        yield
        self.depth = before

    @contextmanager
    def function(self, header: str, docstring: str) -> Iterator[None]:
        """A function at the top of the source, in which all names are free again."""
        assert self.depth == 0, "functions stand beside one another"
        taken, self._taken = self._taken, set()
        self._note = ""
        for _ in range(2 if self.lines else 0):
            self.line("")
        with self.inside(f"def {header}:"):
            self.line(f'"""{docstring}"""')
            yield
        self._taken = taken

    def name(self, stem: str) -> str:
        """A name that is not yet used in this function, like the element it stands for."""
        base = (_NOT_IN_NAMES.sub("_", stem).strip("_").lower() or "value") + "_"
        name, number = base.rstrip("_"), 1
        while name in self._taken or name in _RESERVED or iskeyword(name) or name[0].isdigit():
            number += 1
            name = f"{base}{number}" if not base[0].isdigit() else f"x_{base}{number}"
        self._taken.add(name)
        return name

    def constant(self, value: Any, stem: str) -> str:
        """The name under which the code finds this very object."""
        if id(value) not in self._names:
            name = f"{_NOT_IN_NAMES.sub('_', stem).strip('_').upper()}_{len(self.constants)}"
            self._names[id(value)] = name
            self.constants[name] = value  # kept alive here, so its id stays its own
        return self._names[id(value)]


_RESERVED: Final = frozenset(dir(builtins)) | frozenset(
    ["node", "view", "parts", "after", "made", "each", "first", "listed", "dig", "same"]
)
