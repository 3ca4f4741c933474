"""Reading `ignore`: the elements that a block leaves unread on purpose, each with its reason."""

from __future__ import annotations

from gateway.mapping.rules import Ignored
from gateway.mapping.scope import Scope
from gateway.mapping.yaml_lines import Node


def read_ignored(node: Node, scope: Scope) -> tuple[Ignored, ...]:
    """The ignored elements of a block; one without a reason is reported."""
    if not isinstance(node.value, dict):
        scope.wrong(node, "M002", "ignore belongs here as path: because")
        return ()
    inner = scope.inside("ignore")
    found: list[Ignored] = []
    for text, reason in node.value.items():
        line = node.key_lines[text]
        steps = inner.path(Node(text, reason.file, line, {}))
        if not isinstance(reason.value, str) or not reason.value.strip():
            inner.wrong(reason, "M160", f"say why {text!r} is not read: {text}: because …", line=line)
        elif steps is not None:
            found.append(Ignored(steps, reason.value, inner.origin(reason, line)))
    return tuple(found)
