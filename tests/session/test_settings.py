"""The settings of a step, as the definition of it shows them."""

from __future__ import annotations

import pytest

from tui_workflow.flow.model import ItemSource, Step
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
