"""Codecs: how one FHIR value reads as one record value, and how it is written back.

`read` may say None: this value is not ours to read; it stays where it is. `write` gets the old value too, so
that what the record does not know inside it can stay, and may say MISSING: the record's value cannot be
expressed. For what is written, reading gives the record's value back; that and stability make a rule lawful.
"""

from __future__ import annotations

from gateway.mapping.codecs.codec import Codec, Part
from gateway.mapping.codecs.codes import Codes
from gateway.mapping.codecs.concepts import CodingCodec, Concept
from gateway.mapping.codecs.dates import Day, Moment
from gateway.mapping.codecs.pair import Pair
from gateway.mapping.codecs.plain import Plain, PlainKind
from gateway.mapping.codecs.quantities import Minutes, QuantityIn
from gateway.mapping.codecs.references import AnyReference, RecordReference
from gateway.mapping.codecs.translated import TranslatedConcept, Unmatched

__all__ = [
    "AnyReference",
    "Codec",
    "Codes",
    "CodingCodec",
    "Concept",
    "Day",
    "Minutes",
    "Moment",
    "Pair",
    "Part",
    "Plain",
    "PlainKind",
    "QuantityIn",
    "RecordReference",
    "TranslatedConcept",
    "Unmatched",
]
