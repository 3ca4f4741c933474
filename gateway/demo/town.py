"""The demonstration's town: the gateway, two hospitals and an agency, set up as an operator would.

Everything lies in one folder that is emptied each time; all ports but the gateway's own are free ones.
"""

from __future__ import annotations

import base64
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from gateway.demo.ground import cleared_ground
from gateway.demo.processes import Processes, care_gateway, free_port, refuse_a_port_in_use
from gateway.demo.telling import System
from gateway.fhir.json_codec import read_untrusted
from gateway.fhir.systems import NHS_NUMBER, ODS_CODE

PEOPLE: Final = Path(__file__).parent / "people"
ELM_TRUST_CODE: Final = "ELM01"
DIRECTORY_AND_PERSON: Final = ("Organization", "Practitioner", "Patient", "Condition")
SHARED_CARE: Final = ("Goal", "CareTeam", "CarePlan")
REFERRAL: Final = ("ServiceRequest", "Procedure", "Task")


@dataclass(frozen=True, slots=True)
class Town:
    """Where everybody is. URLs have no trailing slash; keys are the Bearer keys given by `client add`."""

    gateway: str
    st_annes: str
    northside: str
    northside_token: str
    agency: str
    coordinator_key: str
    processes: Processes


@contextmanager
def running_town(folder: Path, port: int) -> Iterator[Town]:
    """The whole town, ready for its first request; everything is stopped when the block is left.

    Raises ConfigError when the folder is not the demonstration's to empty, or the port is taken;
    ProcessFailed, with the last words of its log, when a process does not start.
    """
    with cleared_ground(folder) as ground:
        refuse_a_port_in_use(port)
        with _town(folder, port, ground) as town:
            yield town


@contextmanager
def _town(folder: Path, port: int, ground: int) -> Iterator[Town]:
    config = folder / "config"
    (config / "partners").mkdir(parents=True)
    gateway = f"http://127.0.0.1:{port}"
    st_annes, northside, agency = (f"http://127.0.0.1:{free_port()}" for _ in range(3))
    tokens = {"NORTHSIDE_TOKEN": secrets.token_urlsafe(24), "ELM_TRUST_SECRET": _webhook_secret()}
    _write_partners(config / "partners", st_annes, northside, agency)
    environment = {
        **tokens,
        "CARE_GATEWAY_ENVIRONMENT": "development",
        "CARE_GATEWAY_CONFIG": str(config),
        "CARE_GATEWAY_VAR": str(folder / "var"),
        "CARE_GATEWAY_PUBLIC_URL": gateway,
        "CARE_GATEWAY_DATABASE_URL": "",
    }
    with Processes(folder / "logs", environment, folder / "var", ground) as processes:
        _start_hospitals(processes, folder, st_annes, northside)
        keys = _register_clients(processes)  # while the hospitals are starting
        _wait_for_hospitals(processes, st_annes, northside)
        _start_gateway(processes, folder, port, agency, keys.agency)
        yield Town(
            f"http://127.0.0.1:{port}",
            st_annes,
            northside,
            tokens["NORTHSIDE_TOKEN"],
            agency,
            keys.coordinator,
            processes,
        )


def _start_hospitals(processes: Processes, folder: Path, st_annes: str, northside: str) -> None:
    settings = folder / "st-annes.yaml"
    settings.write_text(
        f"base_url: {st_annes}/fhir\nhost: 127.0.0.1\nport: {_port(st_annes)}\n"
        f"data_dir: {folder / 'st-annes'}\n"
        "simulator: {enabled: false}\n",
        encoding="utf-8",
    )
    processes.start(
        "st-annes",
        [sys.executable, "-m", "gateway.demo.sekmet_launcher", "serve", "-c", str(settings)],
    )
    processes.start(
        "northside",
        care_gateway(
            *("simulate", "ehr", "--port", _port(northside), "--folder", str(folder / "northside")),
            *("--seed", str(PEOPLE / "northside.json"), "--token-env", "NORTHSIDE_TOKEN"),
        ),
    )


def _wait_for_hospitals(processes: Processes, st_annes: str, northside: str) -> None:
    processes.wait_until_ready("st-annes", f"{st_annes}/fhir/metadata")
    _fill(System(f"{st_annes}/fhir"), PEOPLE / "st-annes.json")
    processes.wait_until_ready("northside", f"{northside}/fhir/metadata")


def _fill(hospital: System, bundle: Path) -> None:
    """Put each resource under the id that the hospital gave it."""
    people = read_untrusted(bundle.read_bytes())
    assert isinstance(people, dict)
    for entry in cast("list[dict[str, Any]]", people["entry"]):
        resource = entry["resource"]
        hospital.expect(201, "PUT", f"/{resource['resourceType']}/{resource['id']}", resource)


@dataclass(frozen=True, slots=True)
class _Keys:
    coordinator: str
    agency: str


def _register_clients(processes: Processes) -> _Keys:
    processes.run("database", "start")
    coordinator = processes.run("client", "add", "amina", "--kind", "coordinator")
    agency = processes.run("client", "add", "elm-office", "--kind", "agency", "--partner", "elm-trust")
    return _Keys(coordinator, agency)


def _start_gateway(processes: Processes, folder: Path, port: int, agency: str, agency_key: str) -> None:
    processes.environment = {**processes.environment, "ELM_TRUST_KEY": agency_key}
    processes.start(
        "elm-trust",
        care_gateway(
            *("simulate", "agency", "--port", _port(agency), "--folder", str(folder / "elm-trust")),
            *("--key-env", "ELM_TRUST_KEY", "--secret-env", "ELM_TRUST_SECRET"),
        ),
    )
    gateway = f"http://127.0.0.1:{port}"
    processes.start("gateway", care_gateway("serve", "--port", str(port)), f"{gateway}/health/ready")
    processes.wait_until_ready("elm-trust", f"{agency}/health")
    processes.start("worker", care_gateway("worker"))


def _write_partners(folder: Path, st_annes: str, northside: str, agency: str) -> None:
    """The partners' files, as an operator would write them, with the abilities of the shipped examples."""
    seen = "{value: true, seen: 2026-11-22, evidence: tried against the running server}"
    not_seen = "{value: false, seen: 2026-11-22, evidence: 1.10 came back as 1.1}"
    for name, title, url, token, digits in (
        ("st-annes", "St Anne's Hospital", st_annes, "", not_seen),
        ("northside", "Northside General", northside, "  token: env:NORTHSIDE_TOKEN\n", seen),
    ):
        (folder / f"{name}.yaml").write_text(
            f"title: {title}\n"
            "kind: fhir_rest\n"
            "poll_every_s: 1\n"
            f"verified_identifiers: ['{NHS_NUMBER}']\n"
            f"pulls: [{', '.join(DIRECTORY_AND_PERSON + SHARED_CARE + REFERRAL)}]\n"
            f"pushes: [{', '.join(SHARED_CARE + REFERRAL)}]\n"
            "settings:\n"
            f"  base_url: {url}/fhir\n"
            f"{token}"
            "  allow_networks: [127.0.0.0/8]\n"
            "abilities:\n"
            f"  version_aware_update: {seen}\n"
            f"  conditional_create: {seen}\n"
            f"  search_by_last_updated: {seen}\n"
            f"  strict_handling: {seen}\n"
            f"  keeps_decimal_digits: {digits}\n",
            encoding="utf-8",
        )
    (folder / "elm-trust.yaml").write_text(
        "title: Elm Trust\n"
        "kind: webhook\n"
        f"organisation: {{system: '{ODS_CODE}', value: {ELM_TRUST_CODE}}}\n"
        "answer_within_days: 3\n"
        "settings:\n"
        f"  url: {agency}/referrals\n"
        "  secrets: ['env:ELM_TRUST_SECRET']\n"
        "  allow_networks: [127.0.0.0/8]\n",
        encoding="utf-8",
    )


def _port(url: str) -> str:
    return url.rpartition(":")[2]


def _webhook_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode("ascii")
