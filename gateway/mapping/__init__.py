"""The mapping language: one rule, both directions. README.md in this room says how a rule file is written.

    from gateway.mapping import Mappings

    maps = Mappings.load()
    got = maps["care-plan"].get({"CarePlan": plan, "Goal": goals})
    put = maps["care-plan"].put({**got.record, "title": "Home again"}, {"CarePlan": plan, "Goal": goals})

yaml_lines -> loader, block_reader, rule_reader, ownership -> rules (the intermediate form) -> lens, run by
the interpreter (reading, writing: the specification) or by the compiler (Python made of the rules). laws
proves the rules with generated data; coverage says which elements of real data they reach.
"""

from __future__ import annotations

from gateway.mapping.answers import Got, Put
from gateway.mapping.lens import Lens
from gateway.mapping.mappings import Mappings

__all__ = ["Got", "Lens", "Mappings", "Put"]
