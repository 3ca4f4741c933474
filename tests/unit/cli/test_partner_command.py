"""`care-gateway partner`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from gateway.places import DataFolder, data_folder
from tests.unit.cli.conftest import Told

Run = Callable[..., Told]
ELM = """\
title: Elm Trust
kind: webhook
settings:
  url: https://elm.example/in
  secrets:
    - env:ELM_SECRET
"""


def test_partners_are_listed_with_what_is_read_and_sent(care_gateway: Run, config: Path) -> None:
    nothing = care_gateway("partner", "list")
    assert (nothing.code, nothing.out) == (0, "")
    assert "partners/NAME.yaml" in nothing.err
    examples = data_folder(DataFolder.CONFIG) / "partners" / "examples"
    for name in ("elm-trust", "northside"):
        (config / "partners" / f"{name}.yaml").write_bytes((examples / f"{name}.yaml").read_bytes())
    told = care_gateway("partner", "list").out
    assert "elm-trust" in told
    assert "reads  Organization, Practitioner, Patient" in told
    listed = json.loads(care_gateway("partner", "list", "--json").out)
    assert [each["name"] for each in listed] == ["elm-trust", "northside"]


def test_checking_names_file_and_line_of_everything_wrong(care_gateway: Run, config: Path) -> None:
    (config / "partners" / "elm-trust.yaml").write_text(ELM)
    (config / "partners" / "northside.yaml").write_text(
        "title: N\nkind: fhir_rest\nsettings: {base_urll: x}\n"
    )
    told = care_gateway("partner", "check")
    assert told.code == 1
    assert told.out.splitlines() == [
        "partners/northside.yaml:3: settings.base_url: is missing",
        "partners/northside.yaml:3: settings.base_urll: is no setting - did you mean 'base_url'?",
        "partners/elm-trust.yaml:6: settings.secrets: the environment variable ELM_SECRET is not set:"
        " it should hold a secret",
    ]


def test_a_right_file_passes_and_its_secret_is_never_shown(care_gateway: Run, config: Path) -> None:
    path = config / "partners" / "elm-trust.yaml"
    path.write_text(ELM)
    told = care_gateway("partner", "check", path, "--json", ELM_SECRET="whsec_hidden-word")
    assert (told.code, json.loads(told.out)) == (0, {"files": 1, "problems": []})
    assert "hidden-word" not in told.out + told.err


def test_where_there_is_no_partner_yet_it_says_where_to_describe_one(care_gateway: Run, config: Path) -> None:
    (config / "partners").rmdir()
    mine, shipped = care_gateway("partner", "list"), care_gateway("partner", "list", CARE_GATEWAY_CONFIG="")

    assert (mine.code, shipped.code) == (0, 0)
    assert f"describe one in {config}/partners/NAME.yaml" in mine.err
    assert "describe one in config/partners/NAME.yaml" in shipped.err
    assert "examples" in shipped.err
