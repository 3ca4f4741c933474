"""The overlay files beside a folder of maps: which there are, and each one's tree, read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.mapping.problems import Problem, did_you_mean, refuse
from gateway.mapping.yaml_lines import Node, read_file, read_text


@dataclass(frozen=True, slots=True)
class OverlayFiles:
    """The overlays that can be asked for by name: the files of a folder, or texts."""

    folder: Path | None = None
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the overlays that there are, sorted."""
        held = [path.stem for path in self.folder.glob("*.yaml")] if self.folder is not None else []
        return tuple(sorted({*held, *self.texts}))

    def read(self, names: Sequence[str]) -> list[Node]:
        """The trees of these overlays, in this order.

        Raises MappingError when one does not exist, cannot be read, or calls itself by another name.
        """
        problems: list[Problem] = []
        trees = [tree for name in names if (tree := self._read(name, problems)) is not None]
        refuse(problems)
        return trees

    def _read(self, name: str, problems: list[Problem]) -> Node | None:
        known = self.names
        if name not in known:
            near = did_you_mean(name, known) or f"; there are: {', '.join(known) or 'none'}"
            problems.append(
                Problem(f"overlays/{name}.yaml", 1, "M171", "", f"there is no overlay {name!r}{near}")
            )
            return None
        if name in self.texts:
            tree = read_text(self.texts[name], f"overlays/{name}.yaml", problems)
        else:
            assert self.folder is not None, "a name that is no text comes from the folder"
            tree = read_file(self.folder / f"{name}.yaml", problems)
        said = tree.at("overlay")
        if said is tree or said.value != name:
            problems.append(
                Problem(said.file, said.line, "M004", "", f"an overlay says its name first: overlay: {name}")
            )
        return tree
