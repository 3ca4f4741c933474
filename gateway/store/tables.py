"""The tables of the resources and of the books beside them: what each is for, and what each column means.

The migrations make these tables and the store's statements are SQL text; this file is where one reads what
they hold, and a test keeps it and the migrated database the same. All times come from `gateway_now()`. Names,
keys and codes have collation "C": the same order and the same indexes on every machine.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from gateway.store.columns import (
    json,
    long,
    name,
    number,
    octets,
    of_resource,
    row_id,
    time,
    uuid,
    words,
    xid,
)

METADATA: Final = MetaData()
_NO_DATE: Final = "'0001-01-01 00:00:00+00'::timestamptz"

# --- resources ---

RESOURCE: Final = Table(  # the head of each resource: one row for life, deleted or not
    "resource",
    METADATA,
    row_id("pk"),  # grows with creation, never shown outside
    name("type"),
    uuid("id"),  # made here, never chosen by a client
    number("version"),  # the current one
    time("last_updated"),  # of the current version; whole milliseconds, later than its predecessor's
    Column("deleted", Boolean, nullable=False, server_default=text("false")),
    name("source"),  # a partner, the name given to a load, or `here`; never changes
    uuid("owner_org", null=True),  # the Organization that owns it, where one is known
    time("sort_date", default=_NO_DATE),  # the earliest moment of its clinical date (served_types.py)
    number("indexed_as", default="0"),  # the INDEX_FORMAT that its index rows have (index_rows.py)
    UniqueConstraint("type", "id"),
    Index("resource_in_order", "type", "pk"),
    Index("resource_by_time", "type", "last_updated", "pk"),
    Index("resource_by_date", "type", "sort_date", "pk"),
    Index("resource_behind", "pk", postgresql_where=text("indexed_as < 1")),
    Index("resource_of_source", "source", "type", "pk"),
)

RESOURCE_VERSION: Final = Table(  # every version ever written; a trigger refuses changes
    "resource_version",
    METADATA,
    of_resource(),
    number("version"),
    octets("body", null=True),  # the resource as JSON; NULL: this version is its deletion
    Column("patients", ARRAY(Uuid), nullable=False),  # ids of the Patients this version was about
    name("method"),  # POST, PUT or DELETE
    name("author"),  # name of the actor
    time("at"),
    xid(),
    time("sort_date", default=_NO_DATE),
    PrimaryKeyConstraint("resource_pk", "version"),
    Index("resource_version_by_time", "at", "resource_pk", "version"),
)

POSTING: Final = Table(  # hashes of what the current version is found by (index_rows.py)
    "posting",
    METADATA,
    long("h"),
    of_resource(),
    PrimaryKeyConstraint("h", "resource_pk"),
    Index("posting_of_resource", "resource_pk"),
)

DATE_VALUE: Final = Table(  # spans of time of the current version; `p` is the hash of type and parameter
    "date_value",
    METADATA,
    long("p"),
    time("since"),
    time("until"),
    of_resource(),
    Index("date_value_by_since", "p", "since", "until", "resource_pk"),
    Index("date_value_of_resource", "resource_pk", "p"),
)

NUMBER_VALUE: Final = Table(  # numbers and amounts of the current version; NULL: open on that side
    "number_value",
    METADATA,
    long("p"),
    Column("low", Numeric),
    Column("high", Numeric),
    of_resource(),
    Index("number_value_by_low", "p", "low", "high", "resource_pk"),
    Index("number_value_of_resource", "resource_pk", "p"),
)

WORD_VALUE: Final = Table(  # words of the current version, folded, and uris; `prefix` is how they begin
    "word_value",
    METADATA,
    long("p"),
    name("prefix"),
    name("words"),
    of_resource(),
    Index("word_value_by_prefix", "p", "prefix", "resource_pk"),
    Index("word_value_of_resource", "resource_pk", "p"),
)

PAGE_KEY: Final = Table(  # one row: what page tokens are encrypted with
    "page_key",
    METADATA,
    octets("key"),
)

RESOURCE_PATIENT: Final = Table(  # whom the current version is about; kept after a deletion, for visibility
    "resource_patient",
    METADATA,
    of_resource(),
    uuid("patient_id"),
    PrimaryKeyConstraint("resource_pk", "patient_id"),
    Index("resource_patient_by_patient", "patient_id"),
)

PERSON_PATIENT: Final = Table(  # which person each source's Patient belongs to; mirrors the persons' link[]
    "person_patient",
    METADATA,
    Column("patient_id", Uuid, primary_key=True),
    uuid("person_id"),
    name("source"),  # of the Patient
    time("linked_at"),
    name("how"),
    Index("person_patient_by_person", "person_id", "source"),
)

CHANGE: Final = Table(  # the feed of versions, read by (xid, id) below the oldest running transaction
    "change",
    METADATA,
    row_id(),
    xid(),
    of_resource(),
    number("version"),
    Index("change_in_order", "xid", "id"),
)

# --- lanes ---

LANE: Final = Table(
    "lane",
    METADATA,
    name("destination"),
    name("key"),
    long("next_seq", default="1"),
    time("ready_at", null=True),  # NULL: nothing to do; past: due; future: leased or backing off
    long("epoch", default="0"),  # fencing: raised by each claim, and when a lease ends
    number("attempts", default="0"),  # failures since the lane last made progress
    number("every_s", null=True),  # periodic lanes only
    PrimaryKeyConstraint("destination", "key"),
    Index("lane_ready", "ready_at", postgresql_where=text("ready_at IS NOT NULL")),
)

MESSAGE: Final = Table(  # waiting in its lane
    "message",
    METADATA,
    row_id(),
    Column("delivery_id", Uuid, nullable=False, unique=True),
    name("destination"),
    name("key"),
    long("seq", null=True),  # place in the lane; NULL only inside the transaction that enqueues it
    json("payload"),
    time("due_at"),
    time("enqueued_at"),
    number("attempts", default="0"),
    time("first_attempt_at", null=True),
    time("last_attempt_at", null=True),
    words("last_reason", null=True),
    xid(),
    UniqueConstraint("destination", "key", "seq"),
    Index("message_unnumbered", "xid", postgresql_where=text("seq IS NULL")),
)

RECEIPT: Final = Table(  # delivered, with what the receiver said
    "receipt",
    METADATA,
    Column("delivery_id", Uuid, primary_key=True),
    name("destination"),
    name("key"),
    long("seq"),
    json("payload"),
    json("receipt"),
    number("attempts"),
    time("enqueued_at"),
    time("delivered_at"),
)

DEAD_LETTER: Final = Table(  # undeliverable; open until replayed or resolved, and never removed
    "dead_letter",
    METADATA,
    row_id(),
    uuid("delivery_id"),
    name("destination"),
    name("key"),
    long("seq"),
    json("payload"),
    words("reason"),
    name("owner"),
    number("attempts"),
    time("enqueued_at"),
    time("first_attempt_at"),
    time("last_attempt_at"),
    time("replayed_at", null=True),
    time("resolved_at", null=True),
    words("resolution", null=True),
    Index("dead_letter_open", "id", postgresql_where=text("replayed_at IS NULL AND resolved_at IS NULL")),
)

# --- partners ---

AGREEMENT: Final = Table(  # the ledger: (source, type, their id) is our id, and what both agreed on last
    "agreement",
    METADATA,
    name("source"),
    name("type"),
    name("their_id"),
    uuid("our_id"),  # may be allocated before the resource exists
    number("our_version", null=True),
    name("their_version", null=True),
    octets("their_body", null=True),  # as they answered it
    time("agreed_at", null=True),
    PrimaryKeyConstraint("source", "type", "their_id"),
    UniqueConstraint("source", "type", "our_id"),
)

PULL_CURSOR: Final = Table(  # how far a partner has been read
    "pull_cursor",
    METADATA,
    name("partner"),
    name("type"),
    words("position"),
    time("moved_at"),
    PrimaryKeyConstraint("partner", "type"),
)

INBOX: Final = Table(  # what was received, as it came
    "inbox",
    METADATA,
    name("source"),
    name("message_id"),
    octets("body"),
    name("content_type"),
    time("received_at"),
    PrimaryKeyConstraint("source", "message_id"),
)

QUARANTINE: Final = Table(  # entries of a received message that could not be read
    "quarantine",
    METADATA,
    row_id(),
    name("source"),
    name("message_id"),
    number("position"),
    words("reason"),
    time("quarantined_at"),
    ForeignKeyConstraint(["source", "message_id"], ["inbox.source", "inbox.message_id"]),
    UniqueConstraint("source", "message_id", "position"),
)

# --- trust ---

ACCESS_GRANT: Final = Table(  # which organisation sees what, by which referral, since when and until when
    "access_grant",
    METADATA,
    row_id(),
    uuid("organisation"),
    of_resource(),
    number("from_version"),  # earlier versions stay hidden
    uuid("referral_id"),
    words("basis"),
    name("granted_by"),
    time("granted_at"),
    time("until_at", null=True),
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

CONSENT_DENIAL: Final = Table(  # which organisation an active Consent keeps from whom; follows the Consent
    "consent_denial",
    METADATA,
    row_id(),
    of_resource(),  # the Consent
    uuid("patient_id"),  # the Patient that it is about, and the person that was when it was written
    uuid("organisation", null=True),  # an Organization that it names, by id ...
    long("identifier", null=True),  # ... or by a number: the hash by which Organizations are found
    time("since", null=True),  # NULL: open on that side
    time("until", null=True),  # the last moment
    CheckConstraint("(organisation IS NULL) <> (identifier IS NULL)"),
    Index("consent_denial_of_patient", "patient_id"),
    Index("consent_denial_of_consent", "resource_pk"),
)

AUDIT: Final = Table(  # one row per request; a trigger allows one change: joining the chain
    "audit",
    METADATA,
    row_id(),
    xid(),
    time("at"),
    name("actor_kind"),
    name("actor_name"),
    name("actor_source"),
    name("organisation", null=True),
    name("action"),
    name("outcome"),
    words("detail"),
    Column("entities", ARRAY(Text), nullable=False),  # references, without a version
    Column("versions", ARRAY(Integer)),  # of each of `entities`; NULL where none is known
    Column("patients", ARRAY(Uuid)),  # ids of the Patients that the entities are about; NULL: of none
    words("query", null=True),  # what was searched for; it may name somebody, so it stands nowhere else
    uuid("request_id", null=True),  # as in the X-Request-Id of the answer
    words("address", null=True),  # where the request came from
    Column("seq", BigInteger, unique=True),  # place in the chain; NULL until sealed
    octets("prev_hash", null=True),
    octets("hash", null=True),  # SHA-256 over prev_hash and the row's canonical JSON
    CheckConstraint("(seq IS NULL) = (hash IS NULL) AND (seq IS NULL) = (prev_hash IS NULL)"),
    Index("audit_unsealed", "xid", "id", postgresql_where=text("seq IS NULL")),
    Index("audit_by_time", "at", "id", postgresql_where=text("seq IS NOT NULL")),
    Index("audit_by_actor", "actor_name", "id", postgresql_where=text("seq IS NOT NULL")),
    Index("audit_of_patient", "patients", postgresql_using="gin", postgresql_where=text("seq IS NOT NULL")),
    Index("audit_of_entity", "entities", postgresql_using="gin", postgresql_where=text("seq IS NOT NULL")),
)

KEPT_ANSWER: Final = Table(  # what a client was answered under its Idempotency-Key
    "kept_answer",
    METADATA,
    name("actor_kind"),
    name("actor_name"),
    name("key"),
    octets("fingerprint"),  # hash of the request
    number("status"),
    json("headers"),
    octets("body"),
    time("kept_at"),
    PrimaryKeyConstraint("actor_kind", "actor_name", "key"),
)
