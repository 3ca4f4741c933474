"""What the gateway knows about a kind of record before it has seen one."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.records.shapes import Record


@dataclass(frozen=True, slots=True)
class RecordKind:
    """A kind of record: its name, where it is served, and the FHIR resources it shows.

    name     as in the rule files and in references between records: ``care_plan``
    path     as in addresses: ``/api/care-plans``
    mapping  the rule file, without ``.yaml``
    schema   what a record of this kind may hold
    root     the resource whose id is the record's id
    parts    types of further resources that the record shows
    """

    name: str
    path: str
    mapping: str
    schema: type[Record]
    root: str
    parts: tuple[str, ...] = ()
