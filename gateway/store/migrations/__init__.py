"""Alembic's environment. Steps run by `database upgrade`, and by `serve` on an embedded database."""
