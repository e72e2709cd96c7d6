"""The settings of a step, as the definition of it shows them."""

from __future__ import annotations

import pytest

from tui_workflow.flow.model import ItemSource, Retry, Step
from tui_workflow.session.details import settings


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ({"kind": "file", "value": "a.csv", "limit": 3}, "a.csv, at most 3"),
        ({"kind": "sql", "value": "select id\nfrom jobs\n", "database": "a.db"}, "select id from jobs, from a.db"),
        ({"kind": "parquet", "value": "a.parquet", "columns": ("x", "y")}, "a.parquet, columns x, y"),
        ({"kind": "parquet", "value": "a.parquet", "columns": "{{ params.c }}", "where": "item.x"}, "a.parquet, columns {{ params.c }}, where item.x"),
    ],
)  # fmt: skip
def test_where_items_come_from(source: dict[str, object], shown: str) -> None:
    step = Step(name="work", type="python", for_each=ItemSource.model_validate(source))
    assert dict(settings(step))["items"] == shown


@pytest.mark.parametrize(
    ("retry", "shown"),
    [
        ({"max_attempts": 2, "delay": 1, "on": ("CarrierError",)}, "2 attempts, 1.0 s, on CarrierError"),
        ({"max_attempts": 4, "delay": 2, "backoff": 2}, "4 attempts, 2.0 s × 2, at most 5:00"),
        (
            {"max_attempts": 3, "delay": 2, "backoff": 2, "on": ("Timeout", "exit:75")},
            "3 attempts, 2.0 s × 2, at most 5:00, on Timeout or exit:75",
        ),
        ({"max_attempts": 2, "delay": 900}, "2 attempts, 15:00, at most 5:00"),
    ],
)
def test_when_an_item_is_tried_again(retry: dict[str, object], shown: str) -> None:
    step = Step(name="work", type="python", retry=Retry.model_validate(retry))
    assert dict(settings(step))["retry"] == shown
    assert "retry" not in dict(settings(Step(name="work", type="python")))
