"""Names that share a beginning and an end stay distinguishable wherever they are shortened."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tui_workflow.facts.state import Item
from tui_workflow.facts.work import Running
from tui_workflow.view import telling
from tui_workflow.view.columns import width
from tui_workflow.view.glyphs import UNICODE
from tui_workflow.view.line import plain
from tui_workflow.view.nav import Items
from tui_workflow.view.panes import items, lanes, log
from tui_workflow.view.panes.row import Rows
from tui_workflow.view.ports import ItemRow

KEYS = [f"data/order-{number:04}.json" for number in (0, 4, 17, 311)]


def told(names: Sequence[str], columns: int) -> list[str]:
    cuts = telling.told(names, columns)
    return [cuts.get(name, name) for name in names]


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (20, "data/order-0004.json"),
        (19, "…/order-0004.json"),
        (16, "…order-0004.json"),
        (15, "…0004.json"),
        (9, "…0004…"),
        (5, "…004…"),
        (4, "…004"),
    ],
)
def test_what_all_share_goes_first(columns: int, shown: str) -> None:
    assert told(KEYS, columns)[1] == shown
    assert len(set(told(KEYS, columns))) == len(KEYS)


def test_a_family_among_others_is_told_apart_in_itself() -> None:
    names = ["data/order-0001.json", "data/order-0002.json", "elsewhere/customers.csv", "x"]
    assert told(names, 12) == ["…0001.json", "…0002.json", "custom…s.csv", "x"]
    assert told(["a/out.json", "b/out.json"], 6) == ["a…", "b…"]


def test_a_gap_that_a_name_has_is_not_marked_twice() -> None:
    labels = [f"a request for the year {year}… and what it was about" for year in (2024, 2025)]
    assert all(short.count("…") == 2 and "……" not in short for short in told(labels, 7))
    paths = [f"data/{folder}/of/the/same/{folder}.json" for folder in ("north-east", "south-east")]
    assert not any("……" in short for columns in range(3, 30) for short in told(paths, columns))


@example(names=["00", "0a"], columns=1)
@given(st.lists(st.text("ab0/-é世\x1b", min_size=1, max_size=24), unique=True, max_size=8), st.integers(1, 30))
def test_a_name_takes_its_columns_at_the_most(names: list[str], columns: int) -> None:
    for name, shown in telling.told(names, columns).items():
        assert width(shown) <= columns, (name, shown)


@given(st.text("ab-/", max_size=20), st.text("ab./", max_size=9), st.sets(st.integers(0, 9999), min_size=2))
def test_numbers_between_a_beginning_and_an_end_are_told_apart(lead: str, tail: str, numbers: set[int]) -> None:
    shown = told([f"{lead}{number:04}{tail}" for number in numbers], 8)
    assert len(set(shown)) == len(numbers)


def text(rows: Rows) -> str:
    return "\n".join(plain(row.line) for row in rows)


def test_a_list_beside_a_page_names_its_items_in_full() -> None:
    known = {n: ItemRow(n, n, key, Item.FAILED, 2, 5.0, 0.5, 1, "KeyError", "x") for n, key in enumerate(KEYS)}
    for columns in (42, 76, 116):
        shown = text(items.rows(range(4), 4, Items("s", "s"), 0, known, {}, columns, 12, UNICODE, cursor="here"))
        assert all(key in shown for key in KEYS), shown
        assert "ended at" in shown
    narrow = text(items.rows(range(4), 4, Items("s", "s"), 0, known, {}, 22, 12, UNICODE, cursor="here"))
    assert all(f"…{key[-9:]}" in narrow for key in KEYS), narrow
    by_tries = Items("s", "s", sort="tries")
    assert "tries" in text(items.rows(range(4), 4, by_tries, 0, known, {}, 24, 12, UNICODE, cursor="here"))


def test_a_stroke_in_a_name_does_not_cost_all_the_rest_of_it() -> None:
    assert telling.one("13 [@click=app.quit]x[/]", 20) == "13 [@click…quit]x[/]"
    assert telling.one("some/folders/above/the-file-itself.json", 22) == "…/the-file-itself.json"


def test_one_letter_that_is_shared_is_no_shorter_for_a_mark() -> None:
    names = ["13 a name that is cut", "19 short"]
    assert "19 short" not in telling.told(names, 12)
    assert telling.told(names, 12)["13 a name that is cut"].startswith("13 a")


def test_lanes_give_their_blanks_to_the_keys() -> None:
    keys = {("s", n): key for n, key in enumerate(KEYS)}
    running = [Running(n, n, 0.0, 0.0, 0.0) for n in range(4)]
    shown = text(lanes.rows("s", running, keys, 1.0, 69, 4, UNICODE))
    assert all(key in shown for key in KEYS), shown
    measured = [Running(n, n, 0.0, 1.0, 4.0) for n in range(4)]
    shown = text(lanes.rows("s", measured, keys, 1.0, 69, 4, UNICODE))
    assert all(f"…{key[-9:]}" in shown for key in KEYS), shown
    assert "━" in shown


def test_the_log_tells_its_items_apart() -> None:
    entries = [log.Entry(0.0, "s", n, key, "read") for n, key in enumerate(KEYS)]
    for columns in (60, 62, 116):
        shown = text(log.rows(entries, None, "s", log.Options(), columns, 8, UNICODE, cursor="", live=False))
        assert all(key in shown for key in KEYS), shown


COMMAND = "mkdir -p out && gzip -c {{ item.path }} > out/{{ item.path | basename }}.gz"


@pytest.mark.parametrize(
    ("old", "new", "columns", "cuts"),
    [
        ("30", "90", 40, ("30", "90")),
        (COMMAND, COMMAND.replace("-c", "-9 -c"), 40, ("…& gzip -c {{ ite…", "…& gzip -9 -c {{ ite…")),
        (COMMAND, COMMAND.replace("}}.gz", "}}.zst"), 40, ("…h | basename }}.gz", "…h | basename }}.zst")),
        (COMMAND, f"set -e; {COMMAND}", 40, ("mkdir -p out &&…", "set -e; mkdir -p out &&…")),
        (COMMAND, f"{COMMAND} && sync", 40, ("… basename }}.gz", "… basename }}.gz && sync")),
        ("{{ steps.book.result }}", "{{ steps.booked.result }}", 40, ("…teps.book.result …", "…teps.booked.result …")),
        ("short", "something quite other, that is long", 20, ("short", "somethin…s long")),
        ("one that is long and the first", "another, and as long as it was", 20, ("one t…irst", "anoth… was")),
        ("x" * 5000 + "a" + "y" * 5000, "x" * 5000 + "b" + "y" * 5000, 20, ("…xxxxayyy…", "…xxxxbyyy…")),
    ],
)
def test_of_a_value_and_what_it_became_the_difference_is_in_sight(
    old: str, new: str, columns: int, cuts: tuple[str, str]
) -> None:
    assert telling.from_to(old, new, columns) == cuts
    assert telling.from_to(new, old, columns) == cuts[::-1]


@given(*[st.text("ab {}é好", max_size=60)] * 4, st.integers(8, 90))
def test_what_differs_is_in_sight_in_any_width(lead: str, was: str, now: str, tail: str, columns: int) -> None:
    old, new = f"{lead}{was}{tail}", f"{lead}{now}{tail}"
    cuts = telling.from_to(old, new, columns)
    assert sum(map(width, cuts)) <= columns
    assert columns < 24 or (cuts[0] == cuts[1]) == (old == new)
    if width(old) + width(new) <= columns:
        assert cuts == (old, new)


@given(st.text("ab", max_size=20), st.text("ab", max_size=20))
def test_what_two_texts_begin_with(one: str, other: str) -> None:
    count = telling.alike(one, other)
    assert one[:count] == other[:count]
    assert one[count : count + 1] != other[count : count + 1] or count == min(len(one), len(other))
