"""What a Python programmer would write by hand for `mappings/care-plan.yaml` and `mappings/goal.yaml`.

The peer that the lenses are measured against: every field of both rule files, read and created, with the
checks that foreign JSON needs, and nothing else: no put, no issues, no account of what was left out. It is
written to be fast the plain way, one function for each kind of object; nothing is cached or precomputed. That
it says and creates the same as the lenses is shown by `tests/mappings/test_hand_written_peer.py`, and before
each measurement.
"""

from __future__ import annotations

from tests.benchmarks.hand_written_care_plan.reading_goal import get_goal
from tests.benchmarks.hand_written_care_plan.reading_plan import get
from tests.benchmarks.hand_written_care_plan.writing_goal import create_goal
from tests.benchmarks.hand_written_care_plan.writing_plan import create

__all__ = ["create", "create_goal", "get", "get_goal"]
