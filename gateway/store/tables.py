"""The tables of the resources and of the books beside them: what each is for, and what each column means.

The migrations make these tables and the store's statements are SQL text; this file is where one reads what
they hold, and a test keeps it and the migrated database the same. All times come from `gateway_now()`. Names,
keys and codes have collation "C": the same order and the same indexes on every machine.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.types import UserDefinedType

METADATA: Final = MetaData()


class Xid8(UserDefinedType[int]):
    """A transaction id that never wraps around: what the change feed and the audit chain are ordered by."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Its name in SQL."""
        return "xid8"


def _row_id(name: str = "id") -> Column[Any]:
    return Column(name, BigInteger, Identity(always=True), primary_key=True)


def _name(name: str, *, null: bool = False) -> Column[Any]:
    """A name, key or code."""
    return Column(name, Text(collation="C"), nullable=null)


def _words(name: str, *, null: bool = False) -> Column[Any]:
    """Words for people."""
    return Column(name, Text, nullable=null)


def _id(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, Uuid, nullable=null)


def _time(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, TIMESTAMP(timezone=True), nullable=null)


def _number(name: str, *, null: bool = False, default: str | None = None) -> Column[Any]:
    return Column(name, Integer, nullable=null, server_default=text(default) if default else None)


def _long(name: str, *, null: bool = False, default: str | None = None) -> Column[Any]:
    return Column(name, BigInteger, nullable=null, server_default=text(default) if default else None)


def _bytes(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, LargeBinary, nullable=null)


def _json(name: str) -> Column[Any]:
    return Column(name, JSONB, nullable=False)


def _xid() -> Column[Any]:
    """The writing transaction."""
    return Column("xid", Xid8, nullable=False, server_default=text("pg_current_xact_id()"))


def _of_resource() -> Column[Any]:
    return Column("resource_pk", BigInteger, ForeignKey("resource.pk"), nullable=False)


# --- resources ---

RESOURCE: Final = Table(  # the head of each resource: one row for life, deleted or not
    "resource",
    METADATA,
    _row_id("pk"),  # grows with creation, never shown outside
    _name("type"),
    _id("id"),  # made here, never chosen by a client
    _number("version"),  # the current one
    _time("last_updated"),  # of the current version; whole milliseconds, later than its predecessor's
    Column("deleted", Boolean, nullable=False, server_default=text("false")),
    _name("source"),  # a partner, the name given to a load, or `here`; never changes
    _id("owner_org", null=True),  # the Organization that owns it, where one is known
    UniqueConstraint("type", "id"),
    Index("resource_in_order", "type", "pk"),
    Index("resource_by_time", "type", "last_updated", "pk"),
    Index("resource_of_source", "source", "type", "pk"),
)

RESOURCE_VERSION: Final = Table(  # every version ever written; a trigger refuses changes
    "resource_version",
    METADATA,
    _of_resource(),
    _number("version"),
    _bytes("body", null=True),  # the resource as JSON; NULL: this version is its deletion
    Column("patients", ARRAY(Uuid), nullable=False),  # ids of the Patients this version was about
    _name("method"),  # POST, PUT or DELETE
    _name("author"),  # name of the actor
    _time("at"),
    _xid(),
    PrimaryKeyConstraint("resource_pk", "version"),
)

POSTING: Final = Table(  # the search index: hashes of what the current version is found by (postings.py)
    "posting",
    METADATA,
    _long("h"),
    _of_resource(),
    PrimaryKeyConstraint("h", "resource_pk"),
    Index("posting_of_resource", "resource_pk"),
)

RESOURCE_PATIENT: Final = Table(  # whom the current version is about; kept after a deletion, for visibility
    "resource_patient",
    METADATA,
    _of_resource(),
    _id("patient_id"),
    PrimaryKeyConstraint("resource_pk", "patient_id"),
    Index("resource_patient_by_patient", "patient_id"),
)

PERSON_PATIENT: Final = Table(  # which person each source's Patient belongs to; mirrors the persons' link[]
    "person_patient",
    METADATA,
    Column("patient_id", Uuid, primary_key=True),
    _id("person_id"),
    _name("source"),  # of the Patient
    _time("linked_at"),
    _name("how"),
    Index("person_patient_by_person", "person_id", "source"),
)

CHANGE: Final = Table(  # the feed of versions, read by (xid, id) below the oldest running transaction
    "change",
    METADATA,
    _row_id(),
    _xid(),
    _of_resource(),
    _number("version"),
    Index("change_in_order", "xid", "id"),
)

# --- lanes ---

LANE: Final = Table(
    "lane",
    METADATA,
    _name("destination"),
    _name("key"),
    _long("next_seq", default="1"),
    _time("ready_at", null=True),  # NULL: nothing to do; past: due; future: leased or backing off
    _long("epoch", default="0"),  # fencing: raised by each claim, and when a lease ends
    _number("attempts", default="0"),  # failures since the lane last made progress
    _number("every_s", null=True),  # periodic lanes only
    PrimaryKeyConstraint("destination", "key"),
    Index("lane_ready", "ready_at", postgresql_where=text("ready_at IS NOT NULL")),
)

MESSAGE: Final = Table(  # waiting in its lane
    "message",
    METADATA,
    _row_id(),
    Column("delivery_id", Uuid, nullable=False, unique=True),
    _name("destination"),
    _name("key"),
    _long("seq", null=True),  # place in the lane; NULL only inside the transaction that enqueues it
    _json("payload"),
    _time("due_at"),
    _time("enqueued_at"),
    _number("attempts", default="0"),
    _time("first_attempt_at", null=True),
    _time("last_attempt_at", null=True),
    _words("last_reason", null=True),
    _xid(),
    UniqueConstraint("destination", "key", "seq"),
    Index("message_unnumbered", "xid", postgresql_where=text("seq IS NULL")),
)

RECEIPT: Final = Table(  # delivered, with what the receiver said
    "receipt",
    METADATA,
    Column("delivery_id", Uuid, primary_key=True),
    _name("destination"),
    _name("key"),
    _long("seq"),
    _json("payload"),
    _json("receipt"),
    _number("attempts"),
    _time("enqueued_at"),
    _time("delivered_at"),
)

DEAD_LETTER: Final = Table(  # undeliverable; open until replayed or resolved, and never removed
    "dead_letter",
    METADATA,
    _row_id(),
    _id("delivery_id"),
    _name("destination"),
    _name("key"),
    _long("seq"),
    _json("payload"),
    _words("reason"),
    _name("owner"),
    _number("attempts"),
    _time("enqueued_at"),
    _time("first_attempt_at"),
    _time("last_attempt_at"),
    _time("replayed_at", null=True),
    _time("resolved_at", null=True),
    _words("resolution", null=True),
    Index("dead_letter_open", "id", postgresql_where=text("replayed_at IS NULL AND resolved_at IS NULL")),
)

# --- partners ---

AGREEMENT: Final = Table(  # the ledger: (source, type, their id) is our id, and what both agreed on last
    "agreement",
    METADATA,
    _name("source"),
    _name("type"),
    _name("their_id"),
    _id("our_id"),  # may be allocated before the resource exists
    _number("our_version", null=True),
    _name("their_version", null=True),
    _bytes("their_body", null=True),  # as they answered it
    _time("agreed_at", null=True),
    PrimaryKeyConstraint("source", "type", "their_id"),
    UniqueConstraint("source", "type", "our_id"),
)

PULL_CURSOR: Final = Table(  # how far a partner has been read
    "pull_cursor",
    METADATA,
    _name("partner"),
    _name("type"),
    _words("position"),
    _time("moved_at"),
    PrimaryKeyConstraint("partner", "type"),
)

INBOX: Final = Table(  # what was received, as it came
    "inbox",
    METADATA,
    _name("source"),
    _name("message_id"),
    _bytes("body"),
    _name("content_type"),
    _time("received_at"),
    PrimaryKeyConstraint("source", "message_id"),
)

QUARANTINE: Final = Table(  # entries of a received message that could not be read
    "quarantine",
    METADATA,
    _row_id(),
    _name("source"),
    _name("message_id"),
    _number("position"),
    _words("reason"),
    _time("quarantined_at"),
    ForeignKeyConstraint(["source", "message_id"], ["inbox.source", "inbox.message_id"]),
    UniqueConstraint("source", "message_id", "position"),
)

# --- trust ---

ACCESS_GRANT: Final = Table(  # which organisation sees what, by which referral, since when and until when
    "access_grant",
    METADATA,
    _row_id(),
    _id("organisation"),
    _of_resource(),
    _number("from_version"),  # earlier versions stay hidden
    _id("referral_id"),
    _words("basis"),
    _name("granted_by"),
    _time("granted_at"),
    _time("until_at", null=True),
    Index(
        "access_grant_open",
        "resource_pk",
        "organisation",
        "referral_id",
        unique=True,
        postgresql_where=text("until_at IS NULL"),
    ),
    Index("access_grant_of_referral", "referral_id", "organisation"),
)

AUDIT: Final = Table(  # one row per request; a trigger allows one change: joining the chain
    "audit",
    METADATA,
    _row_id(),
    _xid(),
    _time("at"),
    _name("actor_kind"),
    _name("actor_name"),
    _name("actor_source"),
    _name("organisation", null=True),
    _name("action"),
    _name("outcome"),
    _words("detail"),
    Column("entities", ARRAY(Text), nullable=False),  # references, with or without a version
    Column("seq", BigInteger, unique=True),  # place in the chain; NULL until sealed
    _bytes("prev_hash", null=True),
    _bytes("hash", null=True),  # SHA-256 over prev_hash and the row's canonical JSON
    CheckConstraint("(seq IS NULL) = (hash IS NULL) AND (seq IS NULL) = (prev_hash IS NULL)"),
    Index("audit_unsealed", "xid", "id", postgresql_where=text("seq IS NULL")),
)

KEPT_ANSWER: Final = Table(  # what a client was answered under its Idempotency-Key
    "kept_answer",
    METADATA,
    _name("actor_kind"),
    _name("actor_name"),
    _name("key"),
    _bytes("fingerprint"),  # hash of the request
    _number("status"),
    _json("headers"),
    _bytes("body"),
    _time("kept_at"),
    PrimaryKeyConstraint("actor_kind", "actor_name", "key"),
)
