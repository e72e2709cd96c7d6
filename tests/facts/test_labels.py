from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_workflow import values
from tui_workflow.facts.labels import HEAD, in_full, label

DIGEST = "0123456789abcdef"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("doc-17", "anything", "doc-17"),
        (DIGEST, "in/a.json", "in/a.json"),
        (f"{DIGEST}~2", "in/a.json", "in/a.json ~2"),
        (DIGEST, 17, "17"),
        (DIGEST, True, "true"),
        (DIGEST, {"rows": [1], "name": "perth"}, "perth"),
        (DIGEST, {"id": 58213, "name": "x"}, "58213"),
        (DIGEST, {"a": 1}, "1"),
        (DIGEST, {"a": [1]}, '{"a": [1]}'),
        (DIGEST, {"a": True, "b": 2}, '{"a": true, "b": 2}'),
        (DIGEST, {"amount": 12.5, "order_id": "A10034", "customer_name": "Elm"}, "A10034"),
        (DIGEST, {"customerName": "Elm & Sons", "orderId": 7}, "Elm & Sons"),
        (DIGEST, {"Amount": 3, "Invoice No.": 0}, "0"),
        (DIGEST, {"valid": "yes, it is", "userID": "u-1"}, "u-1"),
        (DIGEST, {"size": 3, "sku": " ", "source_file": "in/a.pdf"}, "in/a.pdf"),
        (DIGEST, {"town": "Perth", "rain": 3}, "Perth"),
        (DIGEST, {"text": "a long story " * 9, "rain": 3}, None),
        (DIGEST, {"text": "", "rain": 3}, '{"text": "", "rain": 3}'),
        (DIGEST, {"order_id": "A1", "id": "x-9"}, "x-9"),
        (DIGEST, {"order_id": True, "rows": [{"id": 5}]}, '{"order_id": true, "rows": [{"id": 5}]}'),
        (DIGEST, [1, 2, 3], "[1, 2, 3]"),
        (DIGEST, None, DIGEST),
        (DIGEST, [], DIGEST),
        (DIGEST, "", DIGEST),
        (DIGEST, (1, 2), "[1, 2]"),
        (DIGEST, "two\nlines", "two lines"),
    ],
)
def test_a_label_says_what_the_item_is(key: str, value: object, expected: str | None) -> None:
    found = label(key, values.encode(value)[:HEAD])
    assert found == expected if expected is not None else found.startswith('{"')


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("doc-17", "anything", "doc-17"),
        (f"{DIGEST}~2", "two\nlines", "two\nlines"),
        (DIGEST, "x" * 1000, "x" * 1000),
        (DIGEST, {"body": "y" * 1000, "name": "[draft] " + "z" * 200}, "[draft] " + "z" * 200),
        (DIGEST, 17, "17"),
        (DIGEST, {"a": [1]}, ""),
        (DIGEST, [1, 2], ""),
        (DIGEST, None, ""),
    ],
)
def test_what_is_copied_for_a_label_is_whole(key: str, value: object, expected: str) -> None:
    assert in_full(key, values.encode(value)) == expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"index": 3, "key": DIGEST, "item": "/doc/a.pdf", "result": {"id": 5}}, "/doc/a.pdf"),
        ({"step": "a", "key": f"{DIGEST}~2", "index": 3, "item": {"name": "beta"}, "error": "x" * 1000}, "beta"),
        ({"index": 3, "key": DIGEST, "item": {"index": 1, "key": DIGEST, "item": "inner"}}, "inner"),
        ({"index": 3, "key": "order-7", "item": "/doc/a.pdf"}, "order-7"),
        ({"index": 3, "key": DIGEST, "item": [1, 2]}, DIGEST),
        ({"key": DIGEST, "item": "/doc/a.pdf"}, DIGEST),
    ],
)
def test_a_record_of_another_steps_item_is_called_what_that_item_is_called(
    record: dict[str, object], expected: str
) -> None:
    assert label(DIGEST, values.encode(record)[:HEAD]) == expected


def test_a_value_that_is_cut_still_gives_a_label() -> None:
    assert label(DIGEST, values.encode("x" * 1000)[:HEAD]) == "x" * 30 + "…" + "x" * 49
    assert label(DIGEST, values.encode({"id": "doc-1", "body": "y" * 1000})[:HEAD]) == "doc-1"
    assert label(DIGEST, values.encode(list(range(500)))[:HEAD]).startswith("[0,1,2,3")


def test_of_a_value_that_is_cut_only_its_own_fields_count() -> None:
    rows = {"rows": [{"id": 5, "name": "inner"}], "order_id": "A1", "body": "y" * 1000}
    assert label(DIGEST, values.encode(rows)[:HEAD]) == "A1"
    assert label(DIGEST, values.encode(("in/a", "x" * 1000))[:HEAD]).startswith('["in/a","xxx')
    for end in range(1, 40):  # a number may go on where the text ends
        assert label(DIGEST, values.encode({"rain": 1.5, "order_no": 123456, "z": 1})[:end]) in (
            "1.5", "123456", values.encode({"rain": 1.5, "order_no": 123456, "z": 1})[:end].decode(), DIGEST
        )  # fmt: skip


NAMES = st.sampled_from(["id", "name", "orderId", "order_id", "amount", "Customer Name", "sku", "valid", "country", ""])
FIELDS = (
    st.text(max_size=45) | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.none()
)


@given(
    st.dictionaries(
        NAMES, FIELDS | st.lists(FIELDS, max_size=2) | st.dictionaries(NAMES, FIELDS, max_size=2), max_size=5
    )
)
def test_a_mapping_is_called_the_same_when_it_is_cut_behind_its_fields(item: dict[str, object]) -> None:
    whole = values.encode(item)
    if len(whole) > HEAD - 20:
        return
    more = values.encode({**item, "~": "x" * HEAD})[:HEAD]
    called = label(DIGEST, whole)
    if called.startswith("{") or called == DIGEST:  # no field names it: what it holds stands for it
        assert label(DIGEST, more).startswith("{")
    else:
        assert label(DIGEST, more) == called


@given(st.text(max_size=30), st.binary(max_size=60))
def test_any_bytes_give_a_short_label(key: str, head: bytes) -> None:
    assert label(key, head) == key or len(label(DIGEST, head)) <= 120
