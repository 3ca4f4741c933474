"""No request path reaches a parser of XML or YAML, or unpickles anything (B-39, design.md decision 6).

Imports say where such a parser could be; requests in those formats, to every route, say that none is called.
"""

from __future__ import annotations

import ast
import pickle
import xml.etree.ElementTree as ET
import xml.parsers.expat
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NoReturn

import pytest
import yaml
from flask.testing import FlaskClient

import gateway
from tests.unit.web.conftest import Knock, enter, mappings, standing_app

__all__ = ["enter", "mappings", "standing_app"]

ROOT: Final = Path(gateway.__file__).parent
NOWHERE: Final = frozenset(
    ["pickle", "marshal", "shelve", "dill", "lxml", "defusedxml", "xml", "plistlib", "xmltodict"]
)
# Read what lies in the operator's folders, when the gateway starts.
YAML_IS_READ_IN: Final = ("mapping", "settings")

XML: Final = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><Patient xmlns="http://hl7.org/fhir">&e;</Patient>'
YAML: Final = b"resourceType: !!python/object/apply:os.system ['true']"
PICKLE: Final = pickle.dumps({"resourceType": "Patient"})
KINDS: Final = {
    "application/fhir+xml": XML, "application/xml": XML, "text/xml": XML, "application/xml+fhir": XML,
    "application/x-yaml": YAML, "application/yaml": YAML, "text/yaml": YAML,
    "application/octet-stream": PICKLE, "application/python-pickle": PICKLE, "text/turtle": b"<a> <b> <c> .",
}  # fmt: skip


def imports(file: Path) -> set[str]:
    """The top names of all modules that a file imports, wherever in it."""
    named: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            named |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            named.add(node.module.partition(".")[0])
    return named


def test_only_rule_files_and_settings_are_read_as_yaml_and_nothing_as_xml_or_pickle() -> None:
    for file in ROOT.rglob("*.py"):
        found, room = imports(file), file.relative_to(ROOT).parts[0]
        assert not found & NOWHERE, file
        if "yaml" in found:
            assert room in YAML_IS_READ_IN, file


@pytest.fixture(scope="module")
def client(enter: Knock) -> FlaskClient:
    """A hospital's EHR."""
    return enter("ehr:st-annes")


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the parsers that were called since."""
    names: list[str] = []

    def noted(name: str) -> Callable[..., NoReturn]:
        def parser(*_: Any, **__: Any) -> NoReturn:
            names.append(name)
            raise AssertionError(f"{name} was reached")

        return parser

    parsers = ((yaml, "load"), (yaml, "safe_load"), (yaml, "compose"), (yaml, "parse"), (yaml, "scan"),
               (pickle, "loads"), (pickle, "load"), (ET, "fromstring"), (ET, "XMLParser"), (ET, "parse"),
               (xml.parsers.expat, "ParserCreate"))  # fmt: skip
    for module, name in parsers:
        monkeypatch.setattr(module, name, noted(f"{module.__name__}.{name}"))
    return names


@pytest.mark.parametrize("kind", KINDS)
def test_another_format_is_refused_by_every_route_and_parsed_by_none(
    client: FlaskClient, called: list[str], kind: str
) -> None:
    app = client.application
    body = KINDS[kind]
    for rule in app.url_map.iter_rules():
        address = rule.rule
        for name in rule.arguments:
            usual = {"resource_type": "Patient", "member_type": "Condition", "version_id": "1"}.get(name, "x")
            for form in (f"<{name}>", f"<path:{name}>", f"<uuid:{name}>"):
                address = address.replace(form, usual)
        for method in (rule.methods or set()) & {"POST", "PUT", "PATCH"}:
            answer = client.open(address, method=method, data=body, content_type=kind)
            assert 400 <= answer.status_code < 500, (method, address, answer.text)
        if "GET" in (rule.methods or ()) and address.startswith("/fhir"):
            answer = client.get(address, headers={"Accept": kind})
            assert answer.status_code in (404, 406), (address, answer.text)
            assert client.get(f"{address}?_format={kind}").status_code in (404, 406), address
    assert called == []


def test_a_binary_of_another_format_is_kept_unread(client: FlaskClient, called: list[str]) -> None:
    answer = client.post("/fhir/R4/Binary", data=YAML, content_type="application/yaml")

    assert answer.status_code == 201, answer.text
    assert called == []
