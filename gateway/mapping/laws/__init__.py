"""The laws that every rule file must hold, tried with generated data. One generated case runs all of them.

    CreateGet   get(create(v)) = v, and what is fixed is there
    Exact       what is new stands in FHIR as it was said: to the letter, to the digit, in its table's code
    GetPut      put(get(s), s) = s, byte for byte
    PutGet      get(put(v, s)) = v
    Frame       changing one field touches only its elements, what described them, and generated narrative
    Residue     reordering or removing items leaves the others, and what is not ours, exactly as they were
    Stale       a changed reference or code keeps nothing that described the old one, no part an old copy
    Own         a list of parts shows those that belong to its root, and no other's
    Overlay     what an overlay writes always is there, once, beside what is said; what it drops is not
    interpreted = compiled   the engine of the lens says, writes and reports what the interpreter does

GetPut and PutGet alone are not enough: a mapper that forgets every unknown element as soon as anything
changes passes both. A broken law is a MappingError with the rule's file and line and the smallest case
found.
"""

from __future__ import annotations

from gateway.mapping.laws.checking import DEFAULT_CASES, check

__all__ = ["DEFAULT_CASES", "check"]
