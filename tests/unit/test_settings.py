"""Settings: what is read from where, and how everything that is wrong is told at once."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.fhir.identifiers import Identifier
from gateway.places import DataFolder, data_folder
from gateway.settings import Environment, Settings
from gateway.settings.partner_files import known_kinds, partner_kind, read_partner_file

ELM = """\
title: Elm Trust
kind: webhook
organisation: {system: "https://example.org/codes", value: ELM01}
answer_within_days: 3
settings:
  url: https://elm.example/referrals
  secrets: [env:ELM_SECRET]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    (folder / "partners").mkdir(parents=True)
    return folder


def load(config: Path, **environ: str) -> Settings:
    named = {f"CARE_GATEWAY_{name}": value for name, value in environ.items()}
    return Settings.load(
        {"CARE_GATEWAY_CONFIG": str(config), "CARE_GATEWAY_VAR": str(config.parent / "var"), **named}
    )


def problems(config: Path, **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(config, **environ)
    return caught.value.message.splitlines()


def write(config: Path, name: str, text: str) -> None:
    (config / name).write_text(text, encoding="utf-8")


def test_with_nothing_said_it_is_development_with_the_embedded_database(config: Path) -> None:
    settings = Settings.load({"CARE_GATEWAY_CONFIG": str(config)})
    assert settings.environment is Environment.DEVELOPMENT
    assert settings.database_url is None
    assert settings.var == Path("var").absolute()
    assert settings.public_url == "http://127.0.0.1:8080"
    assert settings.partners == ()


def test_the_shipped_file_says_what_holds_without_it(config: Path) -> None:
    shipped = Settings.load({"CARE_GATEWAY_CONFIG": str(data_folder(DataFolder.CONFIG))})
    bare = Settings.load({"CARE_GATEWAY_CONFIG": str(config)})
    assert (shipped.environment, shipped.database_url, shipped.var, shipped.public_url) == (
        bare.environment,
        bare.database_url,
        bare.var,
        bare.public_url,
    )
    assert shipped.partners == ()


def test_the_environment_goes_before_the_file_and_empty_means_unset(config: Path) -> None:
    write(config, "gateway.yaml", "public_url: https://file.example/\ndatabase_url: postgresql://file/db\n")
    assert load(config).public_url == "https://file.example"
    settings = load(config, PUBLIC_URL="https://environment.example", DATABASE_URL="")
    assert settings.public_url == "https://environment.example"
    assert settings.database_url == "postgresql://file/db"


def test_a_database_url_may_be_named_by_reference_and_never_shows(config: Path, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://u:hidden-word@h/db\n")
    write(config, "gateway.yaml", f"database_url: file:{tmp_path / 'url'}\n")
    settings = load(config)
    assert settings.database_url == "postgresql://u:hidden-word@h/db"
    assert "hidden-word" not in repr(settings)
    write(config, "gateway.yaml", "database_url: postgresql://u:hidden-word@h/db\n")
    (told,) = problems(config)
    assert told.startswith("config/gateway.yaml:1: database_url: holds a password")
    assert "hidden-word" not in told


def test_every_problem_is_told_at_once_with_its_line(config: Path) -> None:
    write(config, "gateway.yaml", "enviroment: development\npublic_url: care.example.org\nvar: [x]\n")
    write(config, "partners/elm-trust.yaml", ELM.replace("title", "titel").replace("  url:", "  urll:"))
    write(
        config, "partners/Northside.yaml", "title: N\nkind: fhir_rst\npulls: [Pateint]\npoll_every_s: soon\n"
    )
    told = problems(config, DATABASE_URL="sqlite:///x", DATABASE_ULR="x")
    for expected in (
        r"config/gateway\.yaml:1: enviroment: is no setting - did you mean 'environment'\?",
        r"config/gateway\.yaml:2: public_url: must be an absolute http or https address",
        r"config/gateway\.yaml:3: var: must be text.*",
        r"CARE_GATEWAY_DATABASE_URL: .*only PostgreSQL 15 or later.*",
        r"CARE_GATEWAY_DATABASE_ULR: is no setting - did you mean CARE_GATEWAY_DATABASE_URL\?",
        r"partners/elm-trust\.yaml:1: titel: is no setting - did you mean 'title'\?",
        r"partners/elm-trust\.yaml:1: title: is missing",
        r"partners/elm-trust\.yaml:6: settings\.urll: is no setting - did you mean 'url'\?",
        r"partners/elm-trust\.yaml:6: settings\.url: is missing",
        r"partners/Northside\.yaml:1: a partner is called by its file's name.*",
        r"partners/Northside\.yaml:2: kind: there is no kind 'fhir_rst' - did you mean 'fhir_rest'\?.*",
        r"partners/Northside\.yaml:3: pulls\.0: 'Pateint' is no resource type of R4 - did you .*",
        r"partners/Northside\.yaml:4: poll_every_s: not a valid integer",
    ):
        assert [line for line in told if re.fullmatch(expected, line)], (expected, told)
    assert len(told) == 13, told


def test_what_others_put_into_the_environment_is_left_alone(config: Path) -> None:
    load(config, SERVICE_HOST="10.0.0.1", PORT_8080_TCP="tcp://10.0.0.1:8080")


def test_a_file_that_is_no_yaml_is_named_with_its_line(config: Path) -> None:
    write(config, "gateway.yaml", "environment: development\nvar: {\n")
    write(config, "partners/elm-trust.yaml", "- a list\n")
    told = problems(config)
    assert re.match(r"config/gateway\.yaml:\d: not YAML", told[0])
    assert any(
        line.startswith("partners/elm-trust.yaml:1: the file should be keys and values") for line in told
    )


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="CARE_GATEWAY_CONFIG: there is no folder"):
        Settings.load({"CARE_GATEWAY_CONFIG": str(tmp_path / "nowhere")})


def test_a_partner_is_what_its_file_says(config: Path) -> None:
    write(config, "partners/elm-trust.yaml", ELM)
    (partner,) = load(config).partners
    assert (partner.name, partner.title, partner.kind) == ("elm-trust", "Elm Trust", "webhook")
    assert partner.organisation == Identifier("https://example.org/codes", "ELM01")
    assert (partner.answer_within_days, partner.poll_every_s, partner.pulls) == (3, 60, ())
    assert not partner.abilities.conditional_create


def test_a_partner_names_its_overlays_in_order(config: Path) -> None:
    write(config, "partners/elm-trust.yaml", f"{ELM}pushes: [Task]\noverlays: [us-core-6.1.0, sdoh-cc]\n")
    (partner,) = load(config).partners
    assert partner.overlays == ("us-core-6.1.0", "sdoh-cc")


def test_an_overlay_that_does_not_exist_is_told_with_its_line_and_the_nearest(config: Path) -> None:
    write(config, "partners/elm-trust.yaml", f"{ELM}overlays:\n  - us-core-6.1.0\n  - sdoh-c\n")
    (told,) = problems(config)
    line = ELM.count("\n") + 3
    assert told.startswith(f"partners/elm-trust.yaml:{line}: overlays.1: there is no overlay 'sdoh-c'")
    assert "did you mean 'sdoh-cc'" in told


def test_overlays_that_would_change_nothing_are_told(config: Path) -> None:
    write(config, "partners/elm-trust.yaml", f"{ELM}overlays: [bser]\n")
    (told,) = problems(config)
    assert "no FHIR is exchanged with this partner" in told


def test_two_partners_with_one_organisation_are_refused(config: Path) -> None:
    for name in ("elm-trust", "oak-trust"):
        write(config, f"partners/{name}.yaml", ELM)
    (told,) = problems(config)
    assert told.startswith("partners/oak-trust.yaml:1: organisation: elm-trust has the same identifier")


def test_a_file_that_would_be_overlooked_is_told(config: Path) -> None:
    write(config, "partners/elm-trust.yml", ELM)
    assert problems(config) == ["partners/elm-trust.yml:1: name it elm-trust.yaml, else it is not read"]


def test_examples_are_never_partners_and_every_one_is_right(tmp_path: Path) -> None:
    examples = sorted((data_folder(DataFolder.CONFIG) / "partners" / "examples").glob("*.yaml"))
    assert {path.stem for path in examples} >= {"elm-trust", "northside"}
    for path in examples:
        found: list[str] = []
        partner = read_partner_file(path, found)
        assert (found, partner is not None) == ([], True)


def test_each_kind_is_known_by_its_folder() -> None:
    assert set(known_kinds()) >= {"fhir_rest", "webhook"}
    assert [partner_kind(name).name for name in known_kinds()] == list(known_kinds())


def test_production_is_refused_and_every_unsafe_setting_listed(config: Path) -> None:
    write(config, "partners/elm-trust.yaml", ELM.replace("https://elm", "http://elm"))
    told = problems(config, ENVIRONMENT="production")
    for word in (
        "no sign-in for people",
        "embedded database",
        "PUBLIC_URL is missing",
        "settings.url is not https",
    ):
        assert [line for line in told if line.startswith("production: ") and word in line], word
    assert len(told) == 4
    told = problems(
        config, ENVIRONMENT="production", DATABASE_URL="postgresql://h/db", PUBLIC_URL="http://c.example"
    )
    assert any("without TLS" in line for line in told)
    assert any("PUBLIC_URL is not https" in line for line in told)
    best = problems(
        config,
        ENVIRONMENT="production",
        DATABASE_URL="postgresql://h/db?sslmode=verify-full",
        PUBLIC_URL="https://c.example",
        CONFIG=str(config / "partners"),
    )
    assert len(best) == 1, "until people can sign in, production never starts"


def test_an_unknown_environment_is_refused(config: Path) -> None:
    assert problems(config, ENVIRONMENT="staging") == [
        "CARE_GATEWAY_ENVIRONMENT: must be development or production"
    ]


def test_a_generated_secret_is_one_per_installation_and_nobody_elses_to_read(
    config: Path, tmp_path: Path
) -> None:
    settings = load(config)
    secret = settings.secret("web-session")
    assert len(secret) >= 43
    assert load(config).secret("web-session") == secret
    assert settings.secret("other") != secret
    assert load(config, VAR=str(tmp_path / "second")).secret("web-session") != secret
    folder = settings.var / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert sorted(path.name for path in folder.iterdir()) == ["other", "web-session"]


def test_processes_that_ask_at_once_are_given_one_secret(tmp_path: Path) -> None:
    ask = (
        "import pathlib, sys; from gateway.settings.secret_places import generated_secret as s;"
        "print(s(pathlib.Path(sys.argv[1]), 'web-session'))"
    )
    asking = [
        subprocess.Popen([sys.executable, "-c", ask, tmp_path / "var"], stdout=subprocess.PIPE)
        for _ in range(6)
    ]
    assert len({process.communicate()[0] for process in asking}) == 1
    assert {process.returncode for process in asking} == {0}


def test_a_secret_is_read_where_its_reference_points_when_it_is_needed(config: Path, tmp_path: Path) -> None:
    settings = Settings.load({"CARE_GATEWAY_CONFIG": str(config), "ELM_SECRET": "one"})
    assert settings.secret_at("env:ELM_SECRET") == "one"
    (tmp_path / "secret").write_text("two\n")
    assert settings.secret_at(f"file:{tmp_path / 'secret'}") == "two"
    for reference, told in (
        ("env:NO_SUCH", "NO_SUCH is not set"),
        (f"file:{tmp_path / 'gone'}", "cannot be read: No such file"),
        ("written-out-secret", "never written out"),
    ):
        with pytest.raises(ConfigError, match=told) as caught:
            settings.secret_at(reference)
        assert "written-out-secret" not in caught.value.message


def test_further_types_are_switched_on_in_the_file_or_by_commas(config: Path) -> None:
    assert load(config).fhir_types == frozenset()
    write(config, "gateway.yaml", "fhir_types: [Claim, Coverage, Claim]\n")
    assert load(config).fhir_types == {"Claim", "Coverage"}
    assert load(config, FHIR_TYPES="Media, Invoice,").fhir_types == {"Media", "Invoice"}


def test_every_type_that_cannot_be_switched_on_is_told(config: Path) -> None:
    write(config, "gateway.yaml", "fhir_types:\n  - Coverge\n  - Claim\n  - 7\n  - Parameters\n")
    told = problems(config)

    assert [line.rpartition("gateway.yaml:")[2].partition(":")[0] for line in told] == ["2", "4", "5"]
    assert "'Coverge' is no resource type of R4" in told[0]
    assert "Coverage" in told[0]
    assert "must be text" in told[1]
    assert "a Parameters can never be served" in told[2]
    [told_of_variable] = problems(config.parent, FHIR_TYPES="Claim,Invoce")
    assert told_of_variable.startswith("CARE_GATEWAY_FHIR_TYPES: 'Invoce' is no resource type of R4")
    assert "Invoice" in told_of_variable


def test_if_match_is_required_when_the_file_or_the_variable_says_so(config: Path) -> None:
    assert not load(config).require_if_match
    write(config, "gateway.yaml", "require_if_match: true\n")
    assert load(config).require_if_match
    assert not load(config, REQUIRE_IF_MATCH="false").require_if_match
    write(config, "gateway.yaml", "require_if_match: 1\n")
    [told] = problems(config)
    assert told.endswith("gateway.yaml:1: require_if_match: must be true or false")
    [told_of_variable] = problems(config.parent, REQUIRE_IF_MATCH="perhaps")
    assert told_of_variable == "CARE_GATEWAY_REQUIRE_IF_MATCH: must be true or false"
