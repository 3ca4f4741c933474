"""The index that the history of a type, and of everything, is walked by.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX resource_version_by_time ON resource_version (at, resource_pk, version)")
