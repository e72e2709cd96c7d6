from __future__ import annotations

import time
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_workflow.facts.fingerprint import common, fingerprint, shape


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("no row 17 in table 3", "no row 99 in table 12"),
        ("KeyError: 'title'", "KeyError: 'author'"),
        ("429 for https://api.example.org/v2/docs/1?page=7", "429 for https://api.example.org/v2/docs/2?page=1"),
        ("cannot open /data/in/a.csv: gone", "cannot open /tmp/b.csv: gone"),
        ("job 123e4567-e89b-12d3-a456-426614174000 failed", "job 00000000-e89b-12d3-a456-426614174fff failed"),
        ("object at 0x7f3a2b", "object at 0x11ff00"),
        ("invalid syntax (bad_a.py, line 22)", "invalid syntax (worse.py, line 3)"),
        ("doc-17 is broken", "doc-18 is broken"),
    ],
)
def test_what_varies_between_items_does_not_count(one: str, other: str) -> None:
    assert shape(one) == shape(other)
    assert fingerprint("E", one, "/a/x.py", "f") == fingerprint("E", other, "/b/x.py", "f")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("E", "no such row", "x.py", "f"), ("F", "no such row", "x.py", "f")),
        (("E", "no such row", "x.py", "f"), ("E", "no such table", "x.py", "f")),
        (("E", "no such row", "x.py", "f"), ("E", "no such row", "y.py", "f")),
        (("E", "no such row", "x.py", "f"), ("E", "no such row", "x.py", "g")),
    ],
)
def test_different_causes_differ(one: tuple[str, str, str, str], other: tuple[str, str, str, str]) -> None:
    assert fingerprint(*one) != fingerprint(*other)


ELM = {"order": "A10034", "customer": "Elm & Sons 34", "currency": "XBT", "country": "", "note": "call before noon"}
JONES = {"order": "A10044", "customer": "Jones Ltd", "currency": "ETH", "country": "", "note": ""}


@pytest.mark.parametrize(
    "message",
    [
        "order {order}: the country of {customer} is empty",
        "{customer}: no country",
        "no country for {customer}",
        "({customer})",
    ],
)
def test_what_stands_in_the_item_does_not_split_a_cause(message: str) -> None:
    one, other = (fingerprint("E", message.format(**item), "x.py", "f", item) for item in (ELM, JONES))
    assert one == other
    assert shape(message.format(**ELM), ELM) == shape(message.format(order="A1", customer="…"))


@pytest.mark.parametrize("items", [("Elm & Sons", "Jones Ltd"), ("a-name-of-one-long-word", "another-long-word-of-it")])
def test_an_item_that_is_a_text_does_not_split_a_cause(items: tuple[str, str]) -> None:
    assert len({fingerprint("E", f"nothing for {item} today", item=item) for item in items}) == 1
    assert len({fingerprint("E", f"nothing for {item} today", item=[item, 1]) for item in items}) == 1


def test_short_codes_of_an_item_stay_and_tell_causes_apart() -> None:
    shapes = {shape(f"no rate for {item['currency']} ({item['order']})", item) for item in (ELM, JONES)}
    assert shapes == {"no rate for XBT (…)", "no rate for ETH (…)"}


def test_a_value_inside_a_longer_word_is_not_meant() -> None:
    assert shape("the data basis is empty", {"note": "a basis"}) == "the data basis is empty"
    assert shape("the area code", {"note": "rea code"}) == "the area code"


def test_the_longest_value_is_taken_out_first() -> None:
    assert shape("no town for Elm & Sons of Perth", {"a": "Elm & Sons", "b": "Elm & Sons of Perth"}) == "no town for …"


def test_an_item_is_data_and_never_a_pattern() -> None:
    assert shape("nothing for .* (x+)+ here", {"a": ".* (x+)+"}) == "nothing for … here"
    assert (
        shape("nothing for it", {"a": ". *", "b": None, "c": 3, "d": ["for it or not"], "e": "  "}) == "nothing for it"
    )


def test_a_large_item_costs_little() -> None:
    many = {str(number): "word " * 300 + str(number) for number in range(100_000)}
    message = "word " * 1000
    began = time.perf_counter()
    for _ in range(10):
        shape(message, many)
        shape(message, list(many.values()))
        shape(message, "word " * 10_000_000)
    assert time.perf_counter() - began < 5.0, "at most a few milliseconds each, however large the item is"


def test_a_huge_message_is_bounded() -> None:
    assert len(shape("x y " * 1_000_000)) <= 200
    assert len(fingerprint("E", "'" * 100_000)) == 8


def test_an_id_of_several_words_is_one() -> None:
    assert shape("web-fra-0100 in rack R13: no address") == shape("db-ams-0007 in rack R2: no address")
    assert shape("well-known problem") == "well-known problem"


@pytest.mark.parametrize("text", ["ab-" * 660, "a_" * 1000 + "!", "a" * 2000, "1-" * 1000, "a1." * 600])
def test_no_message_takes_long(text: str) -> None:
    began = time.perf_counter()
    for _ in range(5):
        shape(text)
    assert time.perf_counter() - began < 0.25


def test_what_messages_have_in_common_is_left_of_them() -> None:
    assert common("slow answer for C005", "slow answer for C005") == "slow answer for C005"
    assert common("slow answer for C005", "slow answer for C117") == "slow answer for …"
    decoding = [f"Expecting value: line {n} column 1 (char {n * 65})" for n in (1, 2, 3)]
    assert common(common(*decoding[:2]), decoding[2]) == "Expecting value: line … column 1 (char …)"
    assert common("no file order-0004.json.", "no file order-0017.json.") == "no file …."
    assert common("no customer Elm & Sons in EU", "no customer XBT in EU") == "no customer … in EU"
    assert common("17", "a b") == "…"


@given(st.lists(st.text("ab1 .-'", max_size=12), min_size=1, max_size=5))
def test_what_is_common_is_in_each_of_them(messages: list[str]) -> None:
    shared = reduce(common, messages)
    for message in messages:
        at = 0
        for part in shared.split("…"):
            at = message.find(part, at)
            assert at >= 0, (shared, message)
            at += len(part)
