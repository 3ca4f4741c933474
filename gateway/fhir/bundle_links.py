"""Where the links of a transaction lead once its entries have got their ids.

An entry is named by its fullUrl; a relative reference is read as one of the server that the fullUrl of its
own entry names, else of this one. A link that names a version keeps naming one: the version that is written.
Links that name no entry are left as they stand, another server's above all.
Source: https://hl7.org/fhir/R4/bundle.html#references and https://hl7.org/fhir/R4/http.html#trules
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.fhir.references import ReferenceKind, parse_reference

_VERSION: Final = "/_history/"
_UUID: Final = "urn:uuid:"


@dataclass(frozen=True, slots=True)
class Target:
    """What an entry becomes: `Patient/<id>`, and the version that the transaction leaves it at."""

    reference: str
    version: int

    @property
    def id(self) -> str:
        """The id alone."""
        return self.reference.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Links:
    """The links of one entry.

    targets  what each entry of the transaction becomes, by `named(fullUrl)`
    base     the server that relative links are of, without a slash at its end
    """

    targets: Mapping[str, Target]
    base: str

    def leads_to(self, link: str) -> str | None:
        """What a link to an entry reads now, its fragment kept; None when it names no entry."""
        address, mark, fragment = link.partition("#")
        if not address:
            return None
        plain, _, version = address.partition(_VERSION)
        target = self.targets.get(named(plain)) or self.targets.get(f"{self.base}/{plain}")
        if target is None:
            return None
        now = f"{target.reference}{_VERSION}{target.version}" if version else target.reference
        return f"{now}{mark}{fragment}"

    def uuid_of(self, link: str) -> str | None:
        """An entry's new id as a value of type uuid; None when the link names no entry."""
        target = self.targets.get(named(link))
        return None if target is None else f"{_UUID}{target.id}"


def named(full_url: str) -> str:
    """The name by which an entry is known: UUIDs may be written in either case, all else is as it is."""
    return full_url.lower() if full_url[: len(_UUID)].lower() == _UUID else full_url


def base_of(full_url: str | None, own_base: str) -> str:
    """The server that relative references of an entry are of, without a slash at its end."""
    said = parse_reference(full_url or "")
    return said.base if said.kind is ReferenceKind.ABSOLUTE and said.base else own_base
