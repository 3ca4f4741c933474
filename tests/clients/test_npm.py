"""npm's clients at work: each test of theirs stands in node/, in their own language."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.clients.conftest import PACKAGES, Node, Site

SCRIPTS = sorted(PACKAGES.glob("*.test.mjs"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name.partition(".")[0])
def test_it_does_its_ordinary_work(script: Path, site: Site, node: Node) -> None:
    ran = subprocess.run(
        [node.program, "--test", "--test-reporter=spec", node.folder / script.name],
        cwd=node.folder,
        env={**os.environ, "SITE": site.base, "KEY": site.key},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
    told = dict(re.findall(r"(pass|skipped|todo) (\d+)", ran.stdout))
    assert (int(told["pass"]) > 5, told["skipped"], told["todo"]) == (True, "0", "0"), ran.stdout
