"""The one clock of the store: `gateway_now()`.

It is the statement's own time plus `gateway_clock_offset()`, which is zero. Only test mode replaces that second
function (`store/clock.py`); as a constant of a SQL function it costs nothing where it is zero.
"""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute(
        "CREATE FUNCTION gateway_clock_offset() RETURNS interval LANGUAGE sql STABLE PARALLEL SAFE"
        " AS $$ SELECT interval '0' $$"
    )
    op.execute(
        "CREATE FUNCTION gateway_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE"
        " AS $$ SELECT statement_timestamp() + gateway_clock_offset() $$"
    )
