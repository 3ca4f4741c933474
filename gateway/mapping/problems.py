"""What is wrong with a rule file, said so that its author can mend it: file, line, reason, and a guess."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path

from gateway.errors import Issue, MappingError


class Severity(StrEnum):
    """Whether a finding stops the gateway from starting."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "info"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One finding, worded as ``mappings/goal.yaml:12: error   M106 goal.titel: …``.

    code   from the list in gateway/mapping/README.md, stable, so that it can be looked up
    where  the rule, e.g. ``goal.targets.due_on``; empty when it is about the file
    """

    file: str
    line: int
    code: str
    where: str
    text: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        where = f" {self.where}" if self.where else ""
        return f"{self.file}:{self.line}: {self.severity.value:<7} {self.code}{where}: {self.text}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a sentence that names the likeliest of the `known` words, or nothing when none is near."""
    names = list(known)
    near = [name for name in names if _bare(name) == _bare(word)] or get_close_matches(word, names, n=1)
    return f" - did you mean {near[0]!r}?" if near else ""


def _bare(word: str) -> str:
    return re.sub(r"[_-]", "", word).lower()


def refuse(problems: Sequence[Problem]) -> None:
    """Raise MappingError with every error among the problems, one a line, in the order of the files."""
    errors = sorted({problem for problem in problems if problem.severity is Severity.ERROR})
    if errors:
        raise MappingError(
            "\n".join(map(str, errors)),
            issues=[
                Issue("error", "processing", problem.text, problem.where, str(problem)) for problem in errors
            ],
        )


def shown(path: Path) -> str:
    """The path as messages show it: from the folder of rule files on, never a path of this machine."""
    return f"{path.parent.name}/{path.name}" if path.parent.name else path.name
