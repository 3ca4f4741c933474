"""Rules compiled to Python source.

One function for each direction and FHIR object; `care-gateway map show NAME` prints them. The interpreter
says what is right; the law "interpreted = compiled" holds this to it.

    script             lines, names and constants of the source
    openings           going down into nested objects: what rules share is looked up once
    reading            get: one pass over an object
    creating, making   create: the plain way; whatever is odd is left to the interpreter
    putting            put: only the rules whose fields are not as they were (independence: which go together)
    engine             runs the source in the interpreter's place
"""

from __future__ import annotations

from gateway.mapping.compiler.engine import Compiled

__all__ = ["Compiled"]
