"""Where secrets come from: a place that settings name, or a file made once under ``var/secrets``."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from gateway.errors import ConfigError


def read_secret(reference: str, environ: Mapping[str, str]) -> str:
    """The text at ``env:NAME`` or ``file:PATH``; a file's final line break is no part of it."""
    kind, _, place = reference.partition(":")
    match kind:
        case "env":
            found = environ.get(place, "")
            if not found:
                raise ConfigError(f"the environment variable {place} is not set: it should hold a secret")
            return found
        case "file":
            return _content(Path(place))
        case _:
            raise ConfigError("a secret is named as env:NAME or file:PATH, never written out")


def generated_secret(var: Path, name: str) -> str:
    """256 random bits as text, kept in ``var/secrets/<name>`` (0600, in a 0700 folder)."""
    path = var / "secrets" / name
    with suppress(FileNotFoundError):
        return path.read_text(encoding="ascii")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(32))
    # Linked, not renamed: of several processes one wins, and all read the winner's.
    with suppress(FileExistsError):
        os.link(fresh, path)
    fresh.unlink()
    return path.read_text(encoding="ascii")


def _content(path: Path) -> str:
    try:
        found = path.read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "unreadable"
        raise ConfigError(f"the secret's file {path} cannot be read: {reason}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"the secret's file {path} is not UTF-8 text") from error
    if not found:
        raise ConfigError(f"the secret's file {path} is empty")
    return found
