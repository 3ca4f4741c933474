"""What every act needs to know of the installation it works in: one frozen value, built once in `app.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.conformance.served_types import SERVED, ServedType
from gateway.errors import ConfigError

FHIR_API: Final = "/fhir/R4"

if TYPE_CHECKING:
    from gateway.access.actors import Actor
    from gateway.mapping import Mappings
    from gateway.store.database import Database
    from gateway.sync.partner import Partner


def no_secrets(reference: str) -> str:
    """Nothing: this gateway was built without secrets. Raises ConfigError."""
    raise ConfigError(f"the secret {reference} cannot be read here: no reader of secrets was configured")


@dataclass(frozen=True, slots=True)
class Gateway:
    """This installation: where it stores, how it maps, whom it works with, and its own actor.

    partners    by name, as in the files of `config/partners/`
    self_actor  the gateway itself; for bookkeeping only, never for choosing what a partner may see
    public_url  where others reach us, without a trailing slash, e.g. ``https://care.example.org``
    secrets     reads a secret by its reference (`env:NAME`, `file:PATH`)
    served      by name, the resource types that the FHIR API serves here
    require_if_match  whether an update, a patch or a deletion must say which version it is about
    """

    database: Database
    mappings: Mappings
    partners: Mapping[str, Partner]
    self_actor: Actor
    public_url: str
    secrets: Callable[[str], str] = no_secrets
    served: Mapping[str, ServedType] = field(default_factory=lambda: SERVED)
    require_if_match: bool = False

    @property
    def fhir_base(self) -> str:
        """Where others reach the FHIR API, without a trailing slash."""
        return f"{self.public_url}{FHIR_API}"
