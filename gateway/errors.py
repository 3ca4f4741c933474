"""Every error the gateway raises on purpose, drawn as a tree.

    GatewayError
    ├── BadRequest                 400 invalid       the request cannot be understood
    │   ├── Unreadable             400 structure     bytes that are not acceptable JSON, or no FHIR resource
    │   ├── UnknownParameter       400 not-supported a search parameter, under Prefer: handling=strict
    │   └── TooCostly              400 too-costly    a search that finds more than is served at once
    ├── SignInNeeded               401 login         no key, or one that is unknown, disabled or malformed
    ├── Forbidden                  403 forbidden     decided without looking at data (kind, type, interaction)
    ├── NotFound                   404 not-found     missing, or hidden from this actor: the two look the same
    │   └── NotServed              404 not-supported a type or an operation that this gateway does not offer
    ├── MethodNotAllowed           405 not-supported
    ├── NotAcceptable              406 not-supported
    ├── Conflict                   409 conflict
    │   └── VersionConflict        409 conflict      somebody else wrote first; read again, then retry
    ├── Gone                       410 deleted
    ├── PreconditionFailed         412 conflict      If-Match or If-None-Exist did not hold
    ├── LengthRequired             411 required      a body that nothing in itself says the end of
    ├── TooLarge                   413 too-long
    ├── UnsupportedMedia           415 not-supported
    │   └── UnsupportedPatch       415 not-supported a patch in a format that is not read
    ├── Unprocessable              422 processing    readable, but not acceptable
    │   ├── NotConformant          422 invariant     breaks R4; carries every issue found
    │   ├── RecordInvalid          422 invalid       a record that does not fit its schema
    │   └── IllegalMove            422 business-rule this move is not possible now, or not by this actor
    ├── PreconditionRequired       428 required      If-Match is missing where it must be sent
    ├── MappingError               500 processing    a rule file that lies, or a rule that failed
    ├── ConfigError                500 exception     settings or partner files; the command line exits 78
    ├── StoreError                 500 exception
    │   ├── AccessBreach           500 security      something hidden was about to be shown; nothing was
    │   ├── DatabaseUnreachable    503 transient     retry is safe
    │   └── LeaseLost              409 conflict      another worker holds the lane now
    └── PartnerError               502 processing
        ├── PartnerUnavailable     503 transient     no usable answer; the same delivery may be sent again
        ├── PartnerRefused         502 processing    the partner said no; sending it again will not help
        ├── PartnerConflict        409 conflict      the partner holds another version (412 and 409 alike)
        └── AnswerUnreadable       502 structure     the partner's answer is not what its protocol promises

Messages carry references and element paths, never names, birth dates or payloads.
Each class knows its OperationOutcome issue code, its HTTP status and whether trying again can help.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding about a resource or a request, as OperationOutcome.issue states it.

    severity    fatal, error, warning or information
    code        from http://hl7.org/fhir/ValueSet/issue-type
    text        a sentence a person can read, with what would be right; no patient data
    expression  FHIRPath of the element, e.g. ``CarePlan.activity[0].detail``; empty for the whole request
    Source: https://hl7.org/fhir/R4/operationoutcome.html
    """

    severity: str
    code: str
    text: str
    expression: str = ""
    diagnostics: str = ""


class GatewayError(Exception):
    """The gateway cannot do what was asked, and says why and what to do about it."""

    issue: ClassVar[str] = "exception"
    status: ClassVar[int] = 500
    retry: ClassVar[bool] = False

    def __init__(self, message: str, *, expression: str = "", issues: Sequence[Issue] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.expression = expression
        self.issues: tuple[Issue, ...] = tuple(issues) or (Issue("error", self.issue, message, expression),)


class BadRequest(GatewayError):
    """The request cannot be understood as it stands."""

    issue, status = "invalid", 400


class Unreadable(BadRequest):
    """The bytes are not acceptable JSON, or not a FHIR resource of the expected type."""

    issue = "structure"


class UnknownParameter(BadRequest):
    """A search parameter that is not served, and the client asked for strict handling."""

    issue = "not-supported"


class TooCostly(BadRequest):
    """The search would find, sort or include more than is served at once. Narrowed, it is answered."""

    issue = "too-costly"


class SignInNeeded(GatewayError):
    """No valid key or session came with the request."""

    issue, status = "login", 401


class Forbidden(GatewayError):
    """This kind of actor may not do this, whatever the data."""

    issue, status = "forbidden", 403


class NotFound(GatewayError):
    """Nothing by that name exists for this actor."""

    issue, status = "not-found", 404


class NotServed(NotFound):
    """The address is well formed, but this type or operation is not offered here."""

    issue = "not-supported"


class MethodNotAllowed(GatewayError):
    """The address exists, the method is not offered there."""

    issue, status = "not-supported", 405


class NotAcceptable(GatewayError):
    """None of the formats the client accepts is offered."""

    issue, status = "not-supported", 406


class Conflict(GatewayError):
    """The request contradicts what is held."""

    issue, status = "conflict", 409


class VersionConflict(Conflict):
    """Somebody else wrote first. Read again, decide again, then retry."""

    retry = True


class Gone(GatewayError):
    """It was deleted; its history remains."""

    issue, status = "deleted", 410


class PreconditionFailed(GatewayError):
    """A condition the client set (If-Match, If-None-Exist) does not hold."""

    issue, status = "conflict", 412


class LengthRequired(GatewayError):
    """The body must be sent with its length, because nothing in it says where it ends."""

    issue, status = "required", 411


class TooLarge(GatewayError):
    """The body is larger than the gateway reads."""

    issue, status = "too-long", 413


class UnsupportedMedia(GatewayError):
    """The body is in a format that is not read here."""

    issue, status = "not-supported", 415


class UnsupportedPatch(UnsupportedMedia):
    """The patch is in a format that is not read here."""


class Unprocessable(GatewayError):
    """Readable, but it cannot be accepted."""

    issue, status = "processing", 422


class NotConformant(Unprocessable):
    """The resource breaks FHIR R4; every issue found is listed."""

    issue = "invariant"


class RecordInvalid(Unprocessable):
    """The record does not fit its schema; every field at fault is listed."""

    issue = "invalid"


class IllegalMove(Unprocessable):
    """The referral cannot make this move from where it is, or this actor may not make it."""

    issue = "business-rule"


class PreconditionRequired(GatewayError):
    """If-Match must be sent here, so that nobody overwrites what they have not seen."""

    issue, status = "required", 428


class MappingError(GatewayError):
    """A mapping file is wrong, or a value cannot be expressed by its rule."""

    issue = "processing"


class ConfigError(GatewayError):
    """Settings or partner files are wrong or unsafe; all problems are listed, one a line."""


class StoreError(GatewayError):
    """The store cannot do what was asked."""


class AccessBreach(StoreError):
    """A second look found something in the answer that its reader may not see. Nothing of it was sent.

    It is the gateway's own mistake, never the caller's: it is logged, audited, and for us to mend.
    """

    issue = "security"


class DatabaseUnreachable(StoreError):
    """No connection to the database. Nothing was written; trying again later is safe."""

    issue, status, retry = "transient", 503, True


class LeaseLost(StoreError):
    """Another worker holds this lane now. What was sent may be sent again, under the same delivery id."""

    issue, status = "conflict", 409


class PartnerError(GatewayError):
    """Something went wrong between a partner and us."""

    issue, status = "processing", 502


class PartnerUnavailable(PartnerError):
    """No usable answer within the deadline. Sending the same delivery again is safe.

    retry_after_s   how long the partner asked us to wait; None when it did not say
    """

    issue, status, retry = "transient", 503, True

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class PartnerRefused(PartnerError):
    """The partner understood and said no. The same request will be refused again."""


class PartnerConflict(PartnerError):
    """The partner holds a version we have not seen. Read theirs, merge, then send again."""

    issue, status, retry = "conflict", 409, True


class AnswerUnreadable(PartnerError):
    """The partner's answer is not what its protocol promises."""

    issue = "structure"
