"""The items of a record that are resources of their own: goals of a plan, legs of a referral.

An item that is only an id is a link: it means the stored one, as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

from gateway.acts.gateway import Gateway
from gateway.errors import RecordInvalid
from gateway.records import RecordKind
from gateway.store import resources
from gateway.store.database import Transaction
from gateway.store.versions import Version

Record = dict[str, Any]
SPLIT: Final = {"care_plan": ("goals", "Goal"), "referral": ("legs", "Task")}
_KEPT_BY_THE_STORE: Final = frozenset({"person", "version", "updated_at", "source"})


def with_linked_items(
    gateway: Gateway, tx: Transaction, kind: RecordKind, record: Record, before: Mapping[str, Any]
) -> Record:
    """The record with each item that is only an id replaced by what that id stands for: a link, no change."""
    field, type = SPLIT.get(kind.name, ("", ""))
    if type != "Goal" or not isinstance(record.get(field), list):
        return record
    known = {item.get("id"): item for item in before.get(field) or ()}
    items = [
        (known.get(item["id"]) or _as_item(gateway, tx, item["id"])) if _is_link(item) else item
        for item in record[field]
    ]
    return record | {field: items}


def _is_link(item: Any) -> bool:
    return isinstance(item, Mapping) and set(item) == {"id"} and isinstance(item["id"], str)


def _as_item(gateway: Gateway, tx: Transaction, id: str) -> Record:
    stored = resources.find(tx, "Goal", id)
    if stored is None or stored.deleted:
        raise RecordInvalid("A goal that is named by its id does not exist here.", expression="goals")
    shown: Record = gateway.mappings.for_record("goal").get({"Goal": stored.resource}).record
    return {name: value for name, value in shown.items() if name not in _KEPT_BY_THE_STORE}


def stored_items(tx: Transaction, kind: RecordKind, record: Mapping[str, Any]) -> list[Version]:
    """The stored resources that items of the record's list name by id and that may join it."""
    field, type = SPLIT.get(kind.name, ("", ""))
    if type != "Goal":
        return []
    ids = dict.fromkeys(str(item["id"]) for item in record.get(field) or () if item.get("id"))
    found = [resources.find(tx, type, id) for id in ids]
    missing = [id for id, version in zip(ids, found, strict=True) if version is None or version.deleted]
    if missing:
        text = f"A {type} of the id given does not exist here: leave the id out for a new one"
        raise RecordInvalid(text, expression=field)
    return [version for version in found if version is not None]


def with_new_ids(kind: RecordKind, record: Record) -> Record:
    """The record with an id for every item that has none, which tells what is new from what is stored."""
    field, _ = SPLIT.get(kind.name, ("", ""))
    if not isinstance(record.get(field), list):
        return record
    return record | {field: [{"id": str(uuid4()), **item} for item in record[field]]}


def without_linked_items(kind: RecordKind, record: Record) -> Record:
    """A new record may name the records it links to; its own id and other read-only fields are refused."""
    field, type = SPLIT.get(kind.name, ("", ""))
    if type != "Goal" or not isinstance(record.get(field), list):
        return record
    return {name: value for name, value in record.items() if name != field}
