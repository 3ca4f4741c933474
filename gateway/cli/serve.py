"""`care-gateway serve`: the web processes, under one of three WSGI servers."""

from __future__ import annotations

import http.client
import importlib.util
import ipaddress
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import click

from gateway.errors import ConfigError

if TYPE_CHECKING:
    from gateway.settings import Settings
    from gateway.web.work_slots import WorkSlots

APPLICATION: Final = "gateway.app:application"
PUBLIC_URL: Final = "CARE_GATEWAY_PUBLIC_URL"
UNSAID: Final = "http://127.0.0.1:8080"  # what the settings answer when nobody said where others reach us
THREADS: Final = 8  # at work, per process; the work waits for PostgreSQL more than for Python
# A client that sends its body slowly keeps one of granian's threads asleep; WorkSlots lets THREADS work.
# With eight threads in all, 200 such clients stopped the gateway (tests/benchmarks/slow_clients.py).
SLEEPING_THREADS: Final = 512
# waitress reads headers and bodies before a thread sees the request, but takes in no more connections than
# this; with its own limit of 100, 200 slow clients stopped it.
CONNECTIONS: Final = 2000
READY_WITHIN_S: Final = 60


@click.command(epilog="Example:  care-gateway serve --port 8080 --workers 2")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Port to listen on; 0 takes any free one.",
)
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Web processes.")
@click.option(
    "--server",
    type=click.Choice(("granian", "waitress", "gunicorn")),
    default="granian",
    show_default=True,
    help="The WSGI server that runs them.",
)
def serve(host: str, port: int, workers: int, server: str) -> None:
    """Serve the FHIR API, the records API and the screens until Ctrl-C.

    An embedded database is started and brought up to date first; one that the settings name must be up to
    date already (care-gateway database upgrade). The address is printed once requests are answered.
    """
    from gateway.app import build_gateway
    from gateway.settings import Settings

    settings = Settings.load()
    _refuse_exposure(settings, host)
    port = _free_port(host, port)
    if settings.public_url == UNSAID:
        # The processes that serve read the settings anew, and need the address they really have.
        os.environ[PUBLIC_URL] = f"http://{_bracketed(host)}:{port}"
    build_gateway(settings).database.close()  # fails here, in one process and with one message, if at all
    threading.Thread(target=_announce, args=(host, port, settings.public_url), daemon=True).start()
    match server:
        case "granian":
            _under_granian(host, port, workers)
        case "waitress":
            _under_waitress(host, port, workers)
        case _:
            _under_gunicorn(host, port, workers)


def _under_granian(host: str, port: int, workers: int) -> None:
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    logging.getLogger("_granian").addFilter(_is_not_about_threads)
    Granian(
        f"{__name__}:application_of_a_child",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=SLEEPING_THREADS,
        respawn_failed_workers=True,
        workers_kill_timeout=30,
        log_level=LogLevels.warning,
    ).serve()


def _is_not_about_threads(said: logging.LogRecord) -> bool:
    """Whether it is anything but the advice to take fewer threads on few cores: THREADS is meant as it is."""
    return "Python threads" not in said.getMessage()


def application_of_a_child() -> WorkSlots:
    """The application, in a process that ends with the one that started it, be that killed.

    Granian's processes would otherwise go on answering on the port, with nobody left to stop them.
    """
    from gateway.app import application
    from gateway.web.work_slots import WorkSlots

    def end_with(parent: int) -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    return WorkSlots(application(), THREADS)


def _under_waitress(host: str, port: int, workers: int) -> None:
    if workers != 1:
        raise click.UsageError(
            "waitress runs one process only: leave --workers at 1, or use --server granian."
        )
    import waitress

    from gateway.app import application
    from gateway.fhir.json_codec import MAX_BYTES

    # Left to itself SIGTERM would cut off requests half-way; as SystemExit, waitress finishes those it began.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    waitress.serve(
        application(),
        host=host,
        port=port,
        threads=THREADS,
        connection_limit=CONNECTIONS,
        asyncore_use_poll=True,  # select() knows no more than 1024 connections
        max_request_body_size=2 * MAX_BYTES,  # what is a little too long the application refuses, in words
        ident="care-gateway",
    )


def _under_gunicorn(host: str, port: int, workers: int) -> None:
    if importlib.util.find_spec("gunicorn") is None:
        raise click.UsageError(
            "gunicorn is not installed here. Install it beside care-gateway (pip install gunicorn), or use"
            " --server granian, which is."
        )
    options = ["--bind", f"{_bracketed(host)}:{port}", "--workers", str(workers), "--threads", str(THREADS)]
    command = [sys.executable, "-m", "gunicorn", "--worker-class", "gthread", *options, f"{APPLICATION}()"]
    sys.exit(subprocess.run(command, check=False).returncode)  # noqa: S603 (our own interpreter and arguments)


def _refuse_exposure(settings: Settings, host: str) -> None:
    if _is_production(settings) or _is_loopback(host):
        return
    raise ConfigError(
        "in development the gateway listens on loopback only, because its sign-in is for demonstration:"
        " use --host 127.0.0.1, or set CARE_GATEWAY_ENVIRONMENT=production"
    )


def _is_production(settings: Settings) -> bool:
    from gateway.settings import Environment

    return settings.environment is Environment.PRODUCTION


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _free_port(host: str, port: int) -> int:
    """The port itself when it is free, or some free one for 0. Raises ConfigError when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"cannot listen on {_bracketed(host)}:{port} ({os.strerror(error.errno or 0).lower()}):"
                " choose another --port or --host"
            ) from error
        return int(probe.getsockname()[1])


def _announce(host: str, port: int, public_url: str) -> None:
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until:
        if _is_ready(host, port, urlsplit(public_url).netloc):
            click.echo(f"Care Gateway is ready at http://{_bracketed(host)}:{port}")
            return
        time.sleep(0.1)
    click.echo(f"care-gateway: no answer at {_bracketed(host)}:{port} within {READY_WITHIN_S} s", err=True)


def _is_ready(host: str, port: int, known_as: str) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=5)
    with suppress(OSError, http.client.HTTPException):
        # A production application answers to its public name only.
        connection.request("GET", "/health/ready", headers={"Host": known_as})
        return connection.getresponse().status == 200
    return False


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


commands: tuple[click.Command, ...] = (serve,)
