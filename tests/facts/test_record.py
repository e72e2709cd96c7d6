"""Records of items as items of a later step: what each is, and whether anything has become of it, wherever it stands."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tui_workflow import values
from tui_workflow.facts.record import identity, same

PLAIN = st.integers(0, 3) | st.text(max_size=2) | st.dictionaries(st.sampled_from(["index", "key", "a"]), st.integers())


def of(items: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Records of such items."""
    whose = {"index": st.integers(0, 3), "key": st.sampled_from("kl"), "item": items, "attempts": st.integers(1, 2)}
    completed = st.fixed_dictionaries({**whose, "result": PLAIN, "duration": st.floats(0, 1)})
    failed = st.fixed_dictionaries({**whose, "error": st.fixed_dictionaries({"type": st.just("E"), "message": PLAIN})})
    return completed | failed


RECORDS = of(of(PLAIN) | PLAIN)
VALUES = PLAIN | RECORDS | st.lists(RECORDS | PLAIN, max_size=2)


def moved(value: Any, by: int) -> Any:
    """The same records elsewhere in their lists."""
    if isinstance(value, list):
        return [moved(each, by) for each in value]
    if isinstance(value, dict) and {"index", "key", "item", "attempts"} <= value.keys():
        return {**value, "index": value["index"] + by, "item": moved(value["item"], by)}
    return value


@given(VALUES, st.integers(0, 9))
def test_a_place_is_no_part_of_what_an_item_is(value: Any, by: int) -> None:
    assert identity(moved(value, by)) == identity(value)
    assert same(values.encode(moved(value, by)), values.encode(value))


@given(VALUES, VALUES)
def test_nothing_else_is_left_out(one: Any, other: Any) -> None:
    here = moved(one, 0) == other or any(moved(one, by) == moved(other, by - 5) for by in range(11))
    assert same(values.encode(one), values.encode(other)) >= here
    if isinstance(one, int | str) or (isinstance(one, dict) and "attempts" not in one):
        assert identity(one) == one
        assert same(values.encode(one), values.encode(other)) == (one == other)


@given(RECORDS)
def test_what_has_become_of_an_item_changes_it_but_not_which_it_is(record: dict[str, Any]) -> None:
    later = {**record, "attempts": record["attempts"] + 1}
    assert identity(later) == identity(record)
    assert not same(values.encode(later), values.encode(record))
    other = {**record, "key": "m"}
    assert identity(other) != identity(record)
