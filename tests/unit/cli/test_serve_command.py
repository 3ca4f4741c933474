"""`care-gateway serve` refuses to start with one message, before anything listens. Serving is a journey's."""

from __future__ import annotations

import socket
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import create_database, drop_database, url_of
from tests.unit.cli.conftest import Told

Run = Callable[..., Told]


def test_development_listens_on_loopback_only(care_gateway: Run) -> None:
    told = care_gateway("serve", "--host", "0.0.0.0", "--port", "0")

    assert (told.code, told.out) == (78, "")
    assert "loopback only" in told.err


def test_a_port_that_is_taken_is_said_so(care_gateway: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        told = care_gateway("serve", "--port", port)

    assert told.code == 78
    assert f"127.0.0.1:{port}" in told.err
    assert "choose another --port" in told.err


def test_a_database_that_is_behind_is_left_alone(care_gateway: Run, server_url: str) -> None:
    create_database(server_url, "care_gateway_test_behind")
    try:
        told = care_gateway(
            "serve", "--port", "0", CARE_GATEWAY_DATABASE_URL=url_of(server_url, "care_gateway_test_behind")
        )
    finally:
        drop_database(server_url, "care_gateway_test_behind")

    assert told.code == 78
    assert "care-gateway database upgrade" in told.err


def test_an_unreachable_database_gives_one_message(care_gateway: Run) -> None:
    told = care_gateway(
        "serve", "--port", "0", CARE_GATEWAY_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none"
    )

    assert told.code == 1
    assert "cannot be reached" in told.err
    assert "Traceback" not in told.err


def test_production_lists_what_is_unsafe_and_does_not_start(care_gateway: Run) -> None:
    told = care_gateway("serve", "--port", "0", CARE_GATEWAY_ENVIRONMENT="production")

    assert (told.code, told.out) == (78, "")
    assert told.err.count("production:") > 1


def test_an_unknown_partner_key_is_named_with_its_file_and_line(care_gateway: Run, config: Path) -> None:
    (config / "partners" / "elm.yaml").write_text("title: Elm\nkind: webhok\n")

    told = care_gateway("serve", "--port", "0")

    assert told.code == 78
    assert "elm.yaml:2" in told.err


def test_waitress_has_one_process(care_gateway: Run, database_url: str) -> None:
    told = care_gateway(
        "serve",
        "--port",
        "0",
        "--server",
        "waitress",
        "--workers",
        "2",
        CARE_GATEWAY_DATABASE_URL=database_url,
    )

    assert told.code == 2
    assert "one process only" in told.err


@pytest.mark.skipif(
    find_spec("gunicorn") is not None, reason="gunicorn is installed here, so nothing is refused"
)
def test_a_server_that_is_not_installed_is_said_so(care_gateway: Run, database_url: str) -> None:
    told = care_gateway(
        "serve", "--port", "0", "--server", "gunicorn", CARE_GATEWAY_DATABASE_URL=database_url
    )

    assert told.code == 2
    assert "gunicorn is not installed" in told.err
