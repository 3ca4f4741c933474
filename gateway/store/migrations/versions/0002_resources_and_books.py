"""The resources with their history and index, and the books kept beside them.

`gateway/store/tables.py` says what each table and column means; a test holds the two together.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Names, keys and codes are compared as bytes: the same order and the same indexes on every machine.
TEXT = 'text COLLATE "C"'

RESOURCES = f"""
CREATE TABLE resource (
    pk            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    type          {TEXT} NOT NULL,
    id            uuid NOT NULL,
    version       integer NOT NULL,
    last_updated  timestamptz NOT NULL,
    deleted       boolean NOT NULL DEFAULT false,
    source        {TEXT} NOT NULL,
    owner_org     uuid,
    UNIQUE (type, id)
);
CREATE INDEX resource_in_order ON resource (type, pk);
CREATE INDEX resource_by_time ON resource (type, last_updated, pk);
CREATE INDEX resource_of_source ON resource (source, type, pk);

CREATE TABLE resource_version (
    resource_pk  bigint NOT NULL REFERENCES resource,
    version      integer NOT NULL,
    body         bytea,
    patients     uuid[] NOT NULL,
    method       {TEXT} NOT NULL,
    author       {TEXT} NOT NULL,
    at           timestamptz NOT NULL,
    xid          xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (resource_pk, version)
);

CREATE TABLE posting (
    h            bigint NOT NULL,
    resource_pk  bigint NOT NULL REFERENCES resource,
    PRIMARY KEY (h, resource_pk)
);
CREATE INDEX posting_of_resource ON posting (resource_pk);

CREATE TABLE resource_patient (
    resource_pk  bigint NOT NULL REFERENCES resource,
    patient_id   uuid NOT NULL,
    PRIMARY KEY (resource_pk, patient_id)
);
CREATE INDEX resource_patient_by_patient ON resource_patient (patient_id);

CREATE TABLE person_patient (
    patient_id  uuid PRIMARY KEY,
    person_id   uuid NOT NULL,
    source      {TEXT} NOT NULL,
    linked_at   timestamptz NOT NULL,
    how         {TEXT} NOT NULL
);
CREATE INDEX person_patient_by_person ON person_patient (person_id, source);

CREATE TABLE change (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid          xid8 NOT NULL DEFAULT pg_current_xact_id(),
    resource_pk  bigint NOT NULL REFERENCES resource,
    version      integer NOT NULL
);
CREATE INDEX change_in_order ON change (xid, id);
"""

# Lane rows change on every message: room for updates in place, and vacuum long before they pile up (runtime.md 2.3).
LANES = f"""
CREATE TABLE lane (
    destination  {TEXT} NOT NULL,
    key          {TEXT} NOT NULL,
    next_seq     bigint NOT NULL DEFAULT 1,
    ready_at     timestamptz,
    epoch        bigint NOT NULL DEFAULT 0,
    attempts     integer NOT NULL DEFAULT 0,
    every_s      integer,
    PRIMARY KEY (destination, key)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01);
CREATE INDEX lane_ready ON lane (ready_at) WHERE ready_at IS NOT NULL;

CREATE TABLE message (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery_id       uuid NOT NULL UNIQUE,
    destination       {TEXT} NOT NULL,
    key               {TEXT} NOT NULL,
    seq               bigint,
    payload           jsonb NOT NULL,
    due_at            timestamptz NOT NULL,
    enqueued_at       timestamptz NOT NULL,
    attempts          integer NOT NULL DEFAULT 0,
    first_attempt_at  timestamptz,
    last_attempt_at   timestamptz,
    last_reason       text,
    xid               xid8 NOT NULL DEFAULT pg_current_xact_id(),
    UNIQUE (destination, key, seq)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01);
CREATE INDEX message_unnumbered ON message (xid) WHERE seq IS NULL;

CREATE TABLE receipt (
    delivery_id   uuid PRIMARY KEY,
    destination   {TEXT} NOT NULL,
    key           {TEXT} NOT NULL,
    seq           bigint NOT NULL,
    payload       jsonb NOT NULL,
    receipt       jsonb NOT NULL,
    attempts      integer NOT NULL,
    enqueued_at   timestamptz NOT NULL,
    delivered_at  timestamptz NOT NULL
);

CREATE TABLE dead_letter (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery_id       uuid NOT NULL,
    destination       {TEXT} NOT NULL,
    key               {TEXT} NOT NULL,
    seq               bigint NOT NULL,
    payload           jsonb NOT NULL,
    reason            text NOT NULL,
    owner             {TEXT} NOT NULL,
    attempts          integer NOT NULL,
    enqueued_at       timestamptz NOT NULL,
    first_attempt_at  timestamptz NOT NULL,
    last_attempt_at   timestamptz NOT NULL,
    replayed_at       timestamptz,
    resolved_at       timestamptz,
    resolution        text
);
CREATE INDEX dead_letter_open ON dead_letter (id) WHERE replayed_at IS NULL AND resolved_at IS NULL;
"""

PARTNERS = f"""
CREATE TABLE agreement (
    source         {TEXT} NOT NULL,
    type           {TEXT} NOT NULL,
    their_id       {TEXT} NOT NULL,
    our_id         uuid NOT NULL,
    our_version    integer,
    their_version  {TEXT},
    their_body     bytea,
    agreed_at      timestamptz,
    PRIMARY KEY (source, type, their_id),
    UNIQUE (source, type, our_id)
);

CREATE TABLE pull_cursor (
    partner   {TEXT} NOT NULL,
    type      {TEXT} NOT NULL,
    position  text NOT NULL,
    moved_at  timestamptz NOT NULL,
    PRIMARY KEY (partner, type)
);

CREATE TABLE inbox (
    source        {TEXT} NOT NULL,
    message_id    {TEXT} NOT NULL,
    body          bytea NOT NULL,
    content_type  {TEXT} NOT NULL,
    received_at   timestamptz NOT NULL,
    PRIMARY KEY (source, message_id)
);

CREATE TABLE quarantine (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source          {TEXT} NOT NULL,
    message_id      {TEXT} NOT NULL,
    position        integer NOT NULL,
    reason          text NOT NULL,
    quarantined_at  timestamptz NOT NULL,
    FOREIGN KEY (source, message_id) REFERENCES inbox,
    UNIQUE (source, message_id, position)
);
"""

TRUST = f"""
CREATE TABLE access_grant (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation  uuid NOT NULL,
    resource_pk   bigint NOT NULL REFERENCES resource,
    from_version  integer NOT NULL,
    referral_id   uuid NOT NULL,
    basis         text NOT NULL,
    granted_by    {TEXT} NOT NULL,
    granted_at    timestamptz NOT NULL,
    until_at      timestamptz
);
CREATE UNIQUE INDEX access_grant_open ON access_grant (resource_pk, organisation, referral_id) WHERE until_at IS NULL;
CREATE INDEX access_grant_of_referral ON access_grant (referral_id, organisation);

CREATE TABLE audit (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid           xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at            timestamptz NOT NULL,
    actor_kind    {TEXT} NOT NULL,
    actor_name    {TEXT} NOT NULL,
    actor_source  {TEXT} NOT NULL,
    organisation  {TEXT},
    action        {TEXT} NOT NULL,
    outcome       {TEXT} NOT NULL,
    detail        text NOT NULL,
    entities      text[] NOT NULL,
    seq           bigint UNIQUE,
    prev_hash     bytea,
    hash          bytea,
    CHECK ((seq IS NULL) = (hash IS NULL) AND (seq IS NULL) = (prev_hash IS NULL))
);
CREATE INDEX audit_unsealed ON audit (xid, id) WHERE seq IS NULL;

CREATE TABLE kept_answer (
    actor_kind   {TEXT} NOT NULL,
    actor_name   {TEXT} NOT NULL,
    key          {TEXT} NOT NULL,
    fingerprint  bytea NOT NULL,
    status       integer NOT NULL,
    headers      jsonb NOT NULL,
    body         bytea NOT NULL,
    kept_at      timestamptz NOT NULL,
    PRIMARY KEY (actor_kind, actor_name, key)
);
"""

# What has happened stays as it happened. Sealing fills an audit row's three chain columns, once.
APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% rows are never changed or removed', TG_TABLE_NAME;
END $$;

CREATE FUNCTION seal_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.seq IS NULL AND NEW.seq IS NOT NULL
       AND (to_jsonb(OLD) - ARRAY['seq', 'prev_hash', 'hash']) = (to_jsonb(NEW) - ARRAY['seq', 'prev_hash', 'hash'])
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'audit rows are never changed or removed';
END $$;

CREATE TRIGGER resource_version_stays BEFORE UPDATE OR DELETE ON resource_version
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER resource_version_whole BEFORE TRUNCATE ON resource_version
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_stays BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_whole BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_sealed BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION seal_only();
"""


def upgrade() -> None:
    """Make the tables."""
    for step in (RESOURCES, LANES, PARTNERS, TRUST, APPEND_ONLY):
        op.execute(step)
