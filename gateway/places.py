"""Where the data folders are: beside the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


class DataFolder(StrEnum):
    """A folder of data that ships with the gateway."""

    MAPPINGS = "mappings"
    PROFILES = "profiles"
    CONFIG = "config"


def data_folder(folder: DataFolder) -> Path:
    """The folder's absolute path; a checkout's own folder goes before a copy inside the package.

    Raises FileNotFoundError, naming both places, when the installation is incomplete.
    """
    checkout = PACKAGE.parent / folder
    installed = PACKAGE / "_data" / folder
    if checkout.is_dir() and (PACKAGE.parent / "pyproject.toml").is_file():
        return checkout
    if installed.is_dir():
        return installed
    raise FileNotFoundError(f"the folder {folder.value!r} is neither at {checkout} nor at {installed}")
