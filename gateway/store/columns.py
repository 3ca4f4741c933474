"""The kinds of columns that the tables are made of: one name for each meaning."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Integer, LargeBinary, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.types import UserDefinedType


class Xid8(UserDefinedType[int]):
    """A transaction id that never wraps around: what the change feed and the audit chain are ordered by."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Its name in SQL."""
        return "xid8"


def row_id(name: str = "id") -> Column[Any]:
    """A number that the database gives; it grows with creation."""
    return Column(name, BigInteger, Identity(always=True), primary_key=True)


def name(called: str, *, null: bool = False) -> Column[Any]:
    """A name, key or code."""
    return Column(called, Text(collation="C"), nullable=null)


def words(name: str, *, null: bool = False) -> Column[Any]:
    """Words for people."""
    return Column(name, Text, nullable=null)


def uuid(name: str, *, null: bool = False) -> Column[Any]:
    """An id of a resource or a delivery."""
    return Column(name, Uuid, nullable=null)


def time(name: str, *, null: bool = False, default: str | None = None) -> Column[Any]:
    """A moment, with its zone."""
    return Column(
        name, TIMESTAMP(timezone=True), nullable=null, server_default=text(default) if default else None
    )


def number(name: str, *, null: bool = False, default: str | None = None) -> Column[Any]:
    """A count or a version."""
    return Column(name, Integer, nullable=null, server_default=text(default) if default else None)


def long(name: str, *, null: bool = False, default: str | None = None) -> Column[Any]:
    """A count that may outgrow 32 bits, or a hash."""
    return Column(name, BigInteger, nullable=null, server_default=text(default) if default else None)


def octets(name: str, *, null: bool = False) -> Column[Any]:
    """Bytes, as they came or as they are stored."""
    return Column(name, LargeBinary, nullable=null)


def json(name: str) -> Column[Any]:
    """JSON of our own making."""
    return Column(name, JSONB, nullable=False)


def xid() -> Column[Any]:
    """The writing transaction."""
    return Column("xid", Xid8, nullable=False, server_default=text("pg_current_xact_id()"))


def of_resource() -> Column[Any]:
    """The head row that this row belongs to."""
    return Column("resource_pk", BigInteger, ForeignKey("resource.pk"), nullable=False)
