"""What the operator decided: one frozen value, read from the configuration folder and the environment.

    config/gateway.yaml        see its comments; every key can be left out
    config/partners/NAME.yaml  one file per partner (config/partners/examples/ is never read)
    CARE_GATEWAY_…             ENVIRONMENT, DATABASE_URL, VAR, PUBLIC_URL, FHIR_TYPES, REQUIRE_IF_MATCH:
                               these go before the file
    CARE_GATEWAY_CONFIG        the folder, ./config when left out, else the one shipped with the gateway

Everything that is wrong is told at once, each with its file and line. Secrets are never in these files, only
where they are found: ``env:NAME`` or ``file:PATH``, read when they are needed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from gateway.errors import ConfigError
from gateway.settings.environment import Environment
from gateway.settings.gateway_file import read_gateway_file
from gateway.settings.partner_files import read_partner_files
from gateway.settings.production import unsafe_for_production
from gateway.settings.secret_places import generated_secret, read_secret
from gateway.sync.partner import Partner

__all__ = ["Environment", "Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process, never changed while it runs.

    database_url   None: the embedded database under `var`
    var            absolute; the embedded database and generated secrets lie below it
    public_url     where others reach us, without a trailing slash
    fhir_types     resource types that the FHIR API serves beside those it always does
    require_if_match  whether the FHIR API refuses a change that does not say which version it is about
    config_folder  absolute; where gateway.yaml and partners/ were read
    partners       by name
    """

    environment: Environment
    database_url: str | None = field(repr=False)
    var: Path
    public_url: str
    fhir_types: frozenset[str]
    require_if_match: bool
    config_folder: Path
    partners: tuple[Partner, ...]
    _environ: Mapping[str, str] = field(repr=False, compare=False)

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Self:
        """The settings of this process. Raises ConfigError that lists every problem, one a line."""
        environ = dict(os.environ if environ is None else environ)
        own, problems = read_gateway_file(environ)
        partners, partner_problems = read_partner_files(own.config_folder / "partners")
        problems += partner_problems
        if own.environment is Environment.PRODUCTION:
            problems += unsafe_for_production(own, partners)
        if problems:
            raise ConfigError("\n".join(dict.fromkeys(problems)))
        return cls(
            environment=own.environment,
            database_url=own.database_url,
            var=own.var,
            public_url=own.public_url or "http://127.0.0.1:8080",
            fhir_types=own.fhir_types,
            require_if_match=own.require_if_match,
            config_folder=own.config_folder,
            partners=partners,
            _environ=environ,
        )

    def secret(self, name: str) -> str:
        """A random secret of this installation, made when first asked for and the same ever after.

        It lies in a file under `var` that only its owner can read. Any number of processes may ask at once.
        """
        return generated_secret(self.var, name)

    def secret_at(self, reference: str) -> str:
        """The secret that a partner file refers to as ``env:NAME`` or ``file:PATH``.

        Raises ConfigError, naming the place and never its content, when nothing is there.
        """
        return read_secret(reference, self._environ)
