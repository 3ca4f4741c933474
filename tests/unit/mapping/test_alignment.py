"""Which old item continues as which new one, and where it stands."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.mapping.alignment import align, arrange


def nobody(_: Any) -> None:
    return None


def by_id(view: Any) -> Any:
    return view.get("id")


def test_equal_items_are_matched_wherever_they_went() -> None:
    assert align(["a", "b", "c"], ["c", "a"], identity=nobody, by_position=True).matches == [2, 0]


def test_an_edited_item_is_matched_between_its_neighbours() -> None:
    assert align(["a", "b", "c"], ["a", "B", "c"], identity=nobody, by_position=True).matches == [0, 1, 2]
    assert align(["a", "b"], ["b", "new"], identity=nobody, by_position=True).matches == [1, None]


def test_an_item_with_an_identity_is_never_matched_by_position() -> None:
    old = [{"id": "1", "x": 1}, {"x": 2}]

    assert align(old, [{"id": "2", "x": 9}, {"x": 3}], identity=by_id, by_position=True).matches == [None, 1]
    assert align(old, [{"id": "1", "x": 9}], identity=by_id, by_position=True).matches == [0]


def test_items_that_are_not_ours_stay_where_they_are() -> None:
    # old: foreign, a, foreign, b; the record drops a and adds c after b
    assert arrange(4, [1, 3], [1, None]) == [(True, 0), (True, 2), (False, 0), (False, 1)]


@given(st.data())
def test_the_record_s_order_is_kept_and_nothing_foreign_is_lost(data: st.DataObject) -> None:
    length = data.draw(st.integers(0, 6))
    places = sorted(data.draw(st.sets(st.integers(0, max(length - 1, 0)), max_size=length))) if length else []
    kept = data.draw(st.permutations(range(len(places))))[: data.draw(st.integers(0, len(places)))]
    matches: list[int | None] = list(kept)
    for _ in range(data.draw(st.integers(0, 3))):
        matches.insert(data.draw(st.integers(0, len(matches))), None)

    arranged = arrange(length, places, matches)

    assert [number for is_old, number in arranged if not is_old] == list(range(len(matches)))
    assert [number for is_old, number in arranged if is_old] == [i for i in range(length) if i not in places]
