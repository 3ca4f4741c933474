"""Asking a coordinator: a question that only a person can answer, visible among the dead letters until
resolved.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.store import lanes
from gateway.store.database import Transaction

ASK = "ask"


def ask(tx: Transaction, reference: str, question: str, about: Mapping[str, Any]) -> None:
    """The question is asked when this transaction commits.

    question  a sentence with references and element names, never a value
    about     references and names that the one who answers needs
    """
    lanes.enqueue(tx, ASK, reference, {"reference": reference, "question": question, **about})
