"""Who is asking. Every function of the store is called on behalf of exactly one actor."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.fhir.identifiers import Identifier

HERE = "here"
"""The source of everything that was made in this gateway rather than received from a partner."""


class ActorKind(StrEnum):
    """The five kinds of actor; what each may do is in policy.py and nowhere else."""

    EHR = "ehr"
    AGENCY = "agency"
    COORDINATOR = "coordinator"
    ADMIN = "admin"
    GATEWAY = "gateway"


@dataclass(frozen=True, slots=True)
class Actor:
    """One client, person or part of the gateway, as access decisions know it.

    name          unique within its kind; written into versions and audit rows
    source        the partner this actor is bound to; `here` for coordinators, admins and the gateway
    organisation  id of the Organization resource an agency acts for; None for everybody else
    known_by      number of the organisation that an EHR or agency belongs to, in whichever source's
                  Organization it stands: what a Consent denies to that organisation, it denies to this actor
    """

    kind: ActorKind
    name: str
    source: str
    organisation: str | None = None
    known_by: Identifier | None = None

    @staticmethod
    def gateway() -> Actor:
        """The gateway itself, for bookkeeping. Built in app.py only: whoever holds it sees everything."""
        return Actor(ActorKind.GATEWAY, "gateway", HERE)
