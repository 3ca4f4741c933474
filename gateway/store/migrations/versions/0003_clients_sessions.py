"""Who may sign in: machine clients with their keys, and the sessions of people at the screens.

Only hashes of keys and session tokens are kept, so a copy of the database opens no door.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CLIENTS = """
CREATE TABLE client (
    id             text COLLATE "C" PRIMARY KEY,
    name           text COLLATE "C" NOT NULL UNIQUE,
    kind           text COLLATE "C" NOT NULL CHECK (kind IN ('ehr', 'agency', 'coordinator', 'admin')),
    source         text COLLATE "C" NOT NULL,
    scope          text NOT NULL,
    secret_sha256  bytea NOT NULL CHECK (length(secret_sha256) = 32),
    created_at     timestamptz NOT NULL DEFAULT gateway_now(),
    disabled_at    timestamptz
);
"""

SESSIONS = """
CREATE TABLE screen_session (
    token_sha256  bytea PRIMARY KEY CHECK (length(token_sha256) = 32),
    name          text COLLATE "C" NOT NULL,
    kind          text COLLATE "C" NOT NULL CHECK (kind IN ('coordinator', 'admin')),
    begun_at      timestamptz NOT NULL DEFAULT gateway_now(),
    seen_at       timestamptz NOT NULL DEFAULT gateway_now()
);
CREATE INDEX screen_session_of_name ON screen_session (name);
CREATE INDEX screen_session_by_age ON screen_session (seen_at);
"""


def upgrade() -> None:
    op.execute(CLIENTS)
    op.execute(SESSIONS)
