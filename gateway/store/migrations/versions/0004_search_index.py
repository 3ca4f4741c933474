"""The search index by kind of value: spans of time, numbers and words beside the hashes; the clinical date.

`gateway/store/tables.py` says what each table and column means. What was stored before is indexed again by
the lane `reindex`, or by `care-gateway reindex`.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = 'text COLLATE "C"'
NO_DATE = "'0001-01-01 00:00:00+00'"

INDEX = f"""
ALTER TABLE resource
    ADD COLUMN sort_date timestamptz NOT NULL DEFAULT {NO_DATE},
    ADD COLUMN indexed_as integer NOT NULL DEFAULT 0;
ALTER TABLE resource_version ADD COLUMN sort_date timestamptz NOT NULL DEFAULT {NO_DATE};
CREATE INDEX resource_behind ON resource (pk) WHERE indexed_as < 1;
CREATE INDEX resource_by_date ON resource (type, sort_date, pk);

CREATE TABLE date_value (
    p            bigint NOT NULL,
    since        timestamptz NOT NULL,
    until        timestamptz NOT NULL,
    resource_pk  bigint NOT NULL REFERENCES resource
);
CREATE INDEX date_value_by_since ON date_value (p, since, until, resource_pk);
CREATE INDEX date_value_of_resource ON date_value (resource_pk, p);

CREATE TABLE number_value (
    p            bigint NOT NULL,
    low          numeric,
    high         numeric,
    resource_pk  bigint NOT NULL REFERENCES resource
);
CREATE INDEX number_value_by_low ON number_value (p, low, high, resource_pk);
CREATE INDEX number_value_of_resource ON number_value (resource_pk, p);

CREATE TABLE word_value (
    p            bigint NOT NULL,
    prefix       {TEXT} NOT NULL,
    words        {TEXT} NOT NULL,
    resource_pk  bigint NOT NULL REFERENCES resource
);
CREATE INDEX word_value_by_prefix ON word_value (p, prefix, resource_pk);
CREATE INDEX word_value_of_resource ON word_value (resource_pk, p);

CREATE TABLE page_key (
    key  bytea NOT NULL
);
INSERT INTO page_key VALUES (sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));
"""  # noqa: S608 (fixed text)


def upgrade() -> None:
    for statement in INDEX.split(";\n"):
        if statement.strip():
            op.execute(statement)
