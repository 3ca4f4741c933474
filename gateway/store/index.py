"""Keeping the index: the rows of a resource are replaced whenever its current version changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text

from gateway.fhir.json_codec import Resource
from gateway.store.database import Transaction
from gateway.store.index_rows import IndexRows, index_rows

# Parts of one statement do not see one another's rows: what is taken away is what was there before.
_TAKE = text("""
    WITH dates AS (DELETE FROM date_value WHERE resource_pk = :pk),
         numbers AS (DELETE FROM number_value WHERE resource_pk = :pk),
         words AS (DELETE FROM word_value WHERE resource_pk = :pk)
    DELETE FROM posting WHERE resource_pk = :pk AND NOT h = ANY(CAST(:hashes AS bigint[]))
""")
_PUT = text("""
    WITH dates AS (
        INSERT INTO date_value (p, since, until, resource_pk)
        SELECT p, since, until, :pk
        FROM unnest(CAST(:date_p AS bigint[]), CAST(:date_since AS timestamptz[]),
                    CAST(:date_until AS timestamptz[])) AS d (p, since, until)
    ), numbers AS (
        INSERT INTO number_value (p, low, high, resource_pk)
        SELECT p, low, high, :pk
        FROM unnest(CAST(:number_p AS bigint[]), CAST(:number_low AS numeric[]),
                    CAST(:number_high AS numeric[])) AS n (p, low, high)
    ), words AS (
        INSERT INTO word_value (p, prefix, words, resource_pk)
        SELECT p, prefix, words, :pk
        FROM unnest(CAST(:word_p AS bigint[]), CAST(:word_prefix AS text[]),
                    CAST(:word_words AS text[])) AS w (p, prefix, words)
    )
    INSERT INTO posting (h, resource_pk) SELECT h, :pk FROM unnest(CAST(:hashes AS bigint[])) AS h
    ON CONFLICT DO NOTHING
""")


def put(tx: Transaction, pk: int, resource: Resource | None, *, is_new: bool) -> None:
    """The index says of the head row what the resource says; nothing any more without one."""
    rows = IndexRows() if resource is None else index_rows(resource)
    if not is_new:
        tx.connection.execute(_TAKE, {"pk": pk, "hashes": sorted(rows.hashes)})
    if resource is not None:
        tx.connection.execute(_PUT, {"pk": pk, **_columns(rows)})


def _columns(rows: IndexRows) -> Mapping[str, Any]:
    # Sorted, so that two writers of the same keys lock index pages in the same order.
    dates, numbers, words = sorted(rows.dates), list(rows.numbers), sorted(rows.words)
    return {
        "hashes": sorted(rows.hashes),
        "date_p": [p for p, _, _ in dates],
        "date_since": [since for _, since, _ in dates],
        "date_until": [until for _, _, until in dates],
        "number_p": [p for p, _, _ in numbers],
        "number_low": [low for _, low, _ in numbers],
        "number_high": [high for _, _, high in numbers],
        "word_p": [p for p, _, _ in words],
        "word_prefix": [prefix for _, prefix, _ in words],
        "word_words": [words for _, _, words in words],
    }
