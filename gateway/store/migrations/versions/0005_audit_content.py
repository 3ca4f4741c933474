"""What an audit row says beside who and what: whom it was about, which versions, what was searched, by which
request. Nothing is filled in for the rows before, which stay as they were sealed.

`gateway/store/tables.py` says what each column means. The indexes hold sealed rows only: writing a row costs
a request none of them, since the lane that seals it puts it there seconds later.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CONTENT = """
ALTER TABLE audit
    ADD COLUMN versions integer[],
    ADD COLUMN patients uuid[],
    ADD COLUMN query text,
    ADD COLUMN request_id uuid,
    ADD COLUMN address text;
CREATE INDEX audit_by_time ON audit (at, id) WHERE seq IS NOT NULL;
CREATE INDEX audit_by_actor ON audit (actor_name, id) WHERE seq IS NOT NULL;
CREATE INDEX audit_of_patient ON audit USING gin (patients) WHERE seq IS NOT NULL;
CREATE INDEX audit_of_entity ON audit USING gin (entities) WHERE seq IS NOT NULL;
"""


def upgrade() -> None:
    for statement in CONTENT.split(";\n"):
        if statement.strip():
            op.execute(statement)
