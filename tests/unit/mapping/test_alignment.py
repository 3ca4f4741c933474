"""Which old item continues as which new one, and where it stands."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.mapping.alignment import align, arrange
from gateway.mapping.values import as_key, same, tidy


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


def nested(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(children, max_size=2) | st.dictionaries(st.sampled_from("ab"), children, max_size=2)


VIEWS = st.lists(st.one_of(st.integers(0, 3), st.booleans(), st.sampled_from(["a", "b", None])), max_size=6)


@given(VIEWS, VIEWS, st.booleans())
def test_every_item_that_can_be_found_again_is(old: list[Any], new: list[Any], by_position: bool) -> None:
    matches, unchanged = align(old, new, identity=nobody, by_position=by_position)

    found = {n: match for n, match in enumerate(matches) if match is not None}
    taken = set(found.values())
    assert len(taken) == len(found)
    assert unchanged == {n for n, match in found.items() if same(old[match], new[n])}
    assert all(matches[n] == n for n in range(min(len(old), len(new))) if same(old[n], new[n]))
    free = [old[there] for there in range(len(old)) if there not in taken]
    left = [new[here] for here, match in enumerate(matches) if match is None]
    assert not any(one is not None and same(one, other) for one in free for other in left)


@given(st.recursive(st.one_of(st.none(), st.integers(0, 2), st.booleans(), st.text(max_size=1)), nested))
def test_tidy_values_have_one_key_exactly_when_they_are_the_same(value: Any) -> None:
    for other in (value, [value], {"a": value}, {"a": value, "b": 1}, [value, 1], True, 1, "", None):
        one, two = tidy(value), tidy(other)
        assert (as_key(one) == as_key(two)) == same(one, two)
