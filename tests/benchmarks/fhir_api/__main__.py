"""Prints requests per second per core, waits, ratios to the empty view, growth, and the largest shares."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import click

from gateway.app import build_gateway, create_app
from gateway.settings import Settings
from gateway.store import migrate
from gateway.store.database import Database
from gateway.store.embedded import EmbeddedServer
from gateway.web.request_log import configure_logging
from tests.benchmarks.fhir_api import shares
from tests.benchmarks.fhir_api.filling import Filled, fill
from tests.benchmarks.fhir_api.server import Served, served
from tests.benchmarks.fhir_api.single_requests import Single, singles
from tests.benchmarks.fhir_api.traffic import operations
from tests.benchmarks.fhir_api.wrk import wrk

_EMPTY: Final = "empty view"
_LARGEST: Final = 10
_LONG: Final = 4


@dataclass(frozen=True, slots=True)
class Measured:
    """One operation under load.

    per_core  requests in a second of the gateway's own processor time
    """

    rate: float
    per_core: float
    p50_ms: float
    p99_ms: float
    refused: int
    broken: int


def main() -> None:
    """Fills a store, measures every operation, fills more, and measures again."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--sizes", default="10000,100000", help="how many resources, one size after the other")
    asked.add_argument("--seconds", type=float, default=8, help="how long each operation is under load")
    asked.add_argument("--json", type=Path, help="also write every figure to this file")
    said = asked.parse_args()
    figures: dict[str, Any] = {}
    with store() as (url, folder):
        filled = Filled()
        for size in map(int, said.sizes.split(",")):
            click.echo(f"\n{size} resources")
            _fill(url, size, filled)
            with served(url, folder, core=_gateways_core()) as site:
                measured = {}
                for name, script in operations(filled, site.key).items():
                    # A transaction is the work of a hundred requests, and is given the time of some.
                    seconds = said.seconds * (_LONG if name.startswith("transaction") else 1)
                    measured[name] = _measure(site, script, seconds)
                    click.echo(_line(name, measured))
            figures[str(size)] = {name: asdict(it) for name, it in measured.items()}
        click.echo("")
        figures["shares"] = _shares(url, filled, folder, said.seconds)
    _tell_growth(figures)
    if said.json:
        said.json.write_text(json.dumps(figures, indent=2) + "\n")


@contextmanager
def store() -> Iterator[tuple[str, Path]]:
    """The URL of an empty migrated database with the durability of production, gone afterwards."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="care-gateway-bench-")))
        folder.chmod(0o711)
        server = EmbeddedServer(folder / "var")
        url = server.ensure_running()
        stack.callback(server.remove)
        database = Database.connect(url, pool_size=1)
        migrate.upgrade(database)
        database.close()
        yield url, folder


def _fill(url: str, size: int, filled: Filled) -> None:
    database = Database.connect(url, pool_size=1)
    began, before = time.monotonic(), filled.resources
    with click.progressbar(length=max(0, size - before), label="filling") as bar:
        fill(database, size, filled, lambda done: bar.update(done - before - bar.pos))
    spent = time.monotonic() - began
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    database.close()
    click.echo(f"filled {filled.resources - before} in {spent:.0f} s")


def _measure(site: Served, script: str, seconds: float) -> Measured:
    wrk(site.address, script, seconds=1, core=_others_core())  # warm
    before = site.cpu_seconds()
    load = wrk(site.address, script, seconds=seconds, core=_others_core())
    spent = site.cpu_seconds() - before
    return Measured(
        rate=load.requests / load.seconds,
        per_core=load.requests / spent if load.requests and spent else float("nan"),
        p50_ms=load.p50_ms,
        p99_ms=load.p99_ms,
        refused=load.refused,
        broken=load.broken,
    )


def _line(name: str, measured: Mapping[str, Measured]) -> str:
    it, empty = measured[name], measured[_EMPTY]
    amiss = f"  {it.refused} refused, {it.broken} broken" if it.refused or it.broken else ""
    return (
        f"{name:34}{it.per_core:9.0f} /s/core  p50 {it.p50_ms:8.2f} ms  p99 {it.p99_ms:8.2f} ms"
        f"  {empty.per_core / it.per_core:6.2f} x the empty view{amiss}"
    )


def _shares(url: str, filled: Filled, folder: Path, seconds: float) -> dict[str, list[tuple[str, float]]]:
    told = {}
    environ = {"CARE_GATEWAY_DATABASE_URL": url, "CARE_GATEWAY_VAR": str(folder / "own")}
    settings = Settings.load(environ)
    gateway = build_gateway(settings)
    with (folder / "log").open("w") as log:
        with redirect_stderr(log):
            configure_logging()  # the work of writing the log is part of a request
        for single in singles(create_app(settings, gateway), gateway, filled):
            found = shares.shares(single.send, seconds)
            told[single.name] = found[:_LARGEST]
            click.echo(f"{single.name}: {_told(single, found)}")
    gateway.database.close()
    return told


def _told(single: Single, found: list[tuple[str, float]]) -> str:
    lines = [
        f"    {share:6.1%}  {name}{'  OVER A TENTH' if share > 0.1 and name not in shares.NAMED else ''}"
        for name, share in islice(found, _LARGEST)
    ]
    return f"{single.milliseconds():.2f} ms\n" + "\n".join(lines)


def _tell_growth(figures: Mapping[str, Any]) -> None:
    sizes = [size for size in figures if size.isdigit()]
    if len(sizes) < 2:
        return
    few, many = sizes[0], sizes[-1]
    click.echo(f"\nfrom {few} to {many} resources")
    for name, before in figures[few].items():
        after = figures[many][name]
        click.echo(
            f"{name:34} work of a request x{before['per_core'] / after['per_core']:5.2f}"
            f"  p50 x{after['p50_ms'] / before['p50_ms']:5.2f}"
        )


def _gateways_core() -> int | None:
    return min(os.sched_getaffinity(0)) if _has_two_cores() else None


def _others_core() -> int | None:
    return max(os.sched_getaffinity(0)) if _has_two_cores() else None


def _has_two_cores() -> bool:
    return hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) > 1


if __name__ == "__main__":
    main()
