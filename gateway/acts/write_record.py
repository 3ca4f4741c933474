"""Writing records: one transaction, one audit row naming every part, a new version of the parts that changed.

What the record knows is put through the lens over what is stored, so that what it does not know stays. An
item gone from a list of records of their own is unlinked, never deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import uuid4

from gateway.access.actors import HERE, Actor
from gateway.access.policy import Interaction, gate
from gateway.acts.gateway import Gateway
from gateway.acts.once import Once, remember, replayed
from gateway.acts.record_items import (
    SPLIT,
    Record,
    stored_items,
    with_linked_items,
    with_new_ids,
    without_linked_items,
)
from gateway.acts.record_parts import Parts, collect, hold
from gateway.acts.record_view import Shown, show, subject_in, subject_of
from gateway.acts.send_referral import as_draft
from gateway.acts.shape import refuse_broken
from gateway.care.reference_number import new_reference_number
from gateway.care.referral_edit import refused_edits
from gateway.errors import Forbidden, Issue, RecordInvalid
from gateway.fhir.json_codec import Resource
from gateway.fhir.references import relative
from gateway.fhir.subjects import subject_element
from gateway.mapping import Lens, Put
from gateway.records import RecordKind, changed_read_only, keep_read_only, validate
from gateway.store import audit, people, resources
from gateway.store.database import Transaction
from gateway.store.versions import Version


def create_record(
    gateway: Gateway, actor: Actor, kind: RecordKind, record: Mapping[str, Any], *, once: Once | None = None
) -> Shown:
    """The new record under an id of ours. Raises RecordInvalid with every field at fault, Forbidden."""
    gate(actor, Interaction.CREATE, kind.root)
    with gateway.database.transaction(actor) as tx:
        if (kept := replayed(tx, once, kind.root)) is not None:
            return kept
        id = str(uuid4())
        parts = _created(gateway, tx, kind, dict(record), id)
        audit.record(tx, f"create {kind.name}", parts.references)
        return remember(tx, once, show(gateway, tx, parts))


def replace_record(
    gateway: Gateway, actor: Actor, kind: RecordKind, id: str, record: Mapping[str, Any], *, if_match: str
) -> Shown:
    """The record after all of it was replaced by `record`.

    Raises NotFound, PreconditionFailed when it is no longer as `if_match` says, RecordInvalid, Forbidden.
    """
    return _changed(gateway, actor, kind, id, if_match, lambda _: dict(record))


def patch_record(
    gateway: Gateway, actor: Actor, kind: RecordKind, id: str, patch: Mapping[str, Any], *, if_match: str
) -> Shown:
    """The record after the patch: fields given replace, null removes, what is not named stays; lists whole.

    Raises what `replace_record` raises. Source: https://www.rfc-editor.org/rfc/rfc7396
    """
    return _changed(gateway, actor, kind, id, if_match, lambda before: merged(before, patch))


def merged(before: Any, patch: Mapping[str, Any]) -> Record:
    """`before` after a JSON merge patch; neither is altered.

    A code that is patched without its display loses the display: it named the code that was there before.
    """
    result: Record = dict(before) if isinstance(before, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value) if isinstance(value, Mapping) else value
    if isinstance(before, Mapping) and "display" not in patch and _is_recoded(before, patch):
        result.pop("display", None)
    return result


def _is_recoded(before: Mapping[str, Any], patch: Mapping[str, Any]) -> bool:
    return any(name in patch and patch[name] != before.get(name) for name in ("system", "code"))


def _created(gateway: Gateway, tx: Transaction, kind: RecordKind, record: Record, id: str) -> Parts:
    wanted = with_linked_items(gateway, tx, kind, record, {})
    issues = validate(kind, wanted) + changed_read_only(kind, {}, without_linked_items(kind, wanted))
    if kind.name == "referral":
        issues += refused_edits({}, wanted)
        wanted = wanted | {"reference_number": new_reference_number()}
    _refuse(issues)
    _known_person(tx, wanted)
    linked = stored_items(tx, kind, wanted)
    given = with_new_ids(kind, wanted | {"id": id})
    put = _put_new(gateway.mappings.for_record(kind.name), kind, given, linked)
    _refuse(list(put.refused))
    _write(tx, put.resources, linked)
    return collect(tx, kind, id)


def _put_new(lens: Lens, kind: RecordKind, record: Record, linked: list[Version]) -> Put:
    """New resources for the record, and the stored ones that it links to."""
    if not linked:
        return lens.create(record)
    field, type = SPLIT[kind.name]
    stored = {version.id for version in linked}
    own = lens.create(record | {field: [item for item in record[field] if item["id"] not in stored]})
    if own.refused:
        return own
    parts = [*own.resources.get(type, ()), *(version.resource for version in linked)]
    made = lens.get(own.resources).record | record  # with what making it added: an intent, a status
    return lens.put(made, {**own.resources, type: parts})


def _changed(
    gateway: Gateway,
    actor: Actor,
    kind: RecordKind,
    id: str,
    if_match: str,
    change: Callable[[Record], Record],
) -> Shown:
    gate(actor, Interaction.UPDATE, kind.root)
    with gateway.database.transaction(actor) as tx:
        parts = hold(tx, kind, id, if_match)
        _refuse_a_source_patient(parts)
        before = show(gateway, tx, parts).record
        wanted = with_linked_items(gateway, tx, kind, change(before), before)
        issues = validate(kind, wanted, before=before) + changed_read_only(kind, before, wanted)
        if kind.name == "referral":
            issues += refused_edits(before, wanted)
        _refuse(issues)
        if wanted.get("person") != before.get("person"):
            _known_person(tx, wanted)
        _put(gateway, tx, parts, before, keep_read_only(kind, before, wanted))
        after = collect(tx, kind, id)
        audit.record(tx, f"update {kind.name}", dict.fromkeys([*parts.references, *after.references]))
        return show(gateway, tx, after)


def _put(gateway: Gateway, tx: Transaction, parts: Parts, before: Record, wanted: Record) -> None:
    kind = parts.kind
    record = dict(wanted)
    if "person" in before and record.get("person") == before["person"]:
        # Shown as the person, stored as one source's Patient of that person: it stays that Patient.
        record["person"] = subject_of(parts.root) or before["person"]
    joined = [v for v in stored_items(tx, kind, record) if v.reference not in parts.references]
    stored = Parts(kind, parts.root, (*parts.others, *joined))
    put = gateway.mappings.for_record(kind.name).put(with_new_ids(kind, record), stored.resources())
    _refuse(list(put.refused))
    _write(tx, put.resources, stored.versions)


def _write(tx: Transaction, put: Mapping[str, Any], stored: Iterable[Version]) -> None:
    """A new version of each resource that the lens changed or made; the others are left as they are."""
    held = {version.reference: version for version in stored}
    request: Resource = put.get("ServiceRequest", {})
    for value in put.values():
        for resource in value if isinstance(value, list) else [value]:
            before = held.get(relative(resource["resourceType"], resource["id"]))
            if before is None:
                made = _finished(resource, request)
                refuse_broken(made)
                resources.create(tx, made, source=tx.actor.source, id=resource["id"])
            elif (after := _with_own_subject(tx, before, resource)) != before.resource:
                refuse_broken(after, before.resource)
                resources.update(tx, after, expect=before.version)


def _with_own_subject(tx: Transaction, before: Version, after: Resource) -> Resource:
    """The resource about the Patient it was about, if the new one is the same person: no subject moves."""
    was, now = subject_of(before), subject_in(after)
    if was is None or now is None or was == now:
        return after
    persons = people.persons_of(tx, (was, now))
    if persons.get(was, was) != persons.get(now, now):
        return after
    element = subject_element(after["resourceType"])
    return after | {element: before.resource[element]}


def _finished(resource: Resource, request: Resource) -> Resource:
    """A leg that was prepared in a record is a draft until it is sent."""
    return as_draft(resource, request) if resource["resourceType"] == "Task" else resource


def _known_person(tx: Transaction, record: Mapping[str, Any]) -> None:
    person = record.get("person")
    if person is not None and people.person_of(tx, str(person)) != person:
        raise RecordInvalid(
            "This is the id of no person here: name one that /api/people lists.", expression="person"
        )


def _refuse_a_source_patient(parts: Parts) -> None:
    if parts.kind.name == "person" and parts.root.source != HERE:
        raise Forbidden(
            f"{parts.root.reference} is what {parts.root.source} holds of a person; it is changed there, and"
            " the person is changed here"
        )


def _refuse(issues: list[Issue]) -> None:
    if issues:
        places = ", ".join(sorted({issue.expression for issue in issues if issue.expression}))
        raise RecordInvalid(f"The record cannot be accepted; see {places}.", issues=issues)
