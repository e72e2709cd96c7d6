"""A list of results of which some are not there: who is warned, and that doing what the hint says works."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flow.conftest import Examine
from tui_workflow.testing import run_flow

FLOW = """\
steps:
  make:
    type: python
    for_each: [1, 2, 3]
    {made}
    inputs:
      code: |
        if item == 2:
            raise ValueError("two")
        result = item * 10
  use:
    type: python
    for_each: {listed}
    {used}
    inputs: {inputs}
"""
RESULT = '"{{ steps.make.result }}"'
HANDLERS = "def work(item):\n    return item + 1\n"


def flow(
    listed: str = RESULT,
    made: str = "on_error: continue",
    used: str = "description: x",
    inputs: str = "{handler: work}",
) -> str:
    return FLOW.format(listed=listed, made=made, used=used, inputs=inputs)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            flow(),
            "'for_each' of step 'use': items of 'make' that fail come as null",
            'for_each: "{{ steps.make.completed_items }}" leaves them out; '
            'with item: "{{ item.result }}" in its inputs the handler gets the results as before',
        ),
        (
            flow(made='if: "{{ item > 1 }}"', inputs='{code: "result = item + 1"}'),
            "'for_each' of step 'use': items of 'make' that are skipped come as null",
            "for_each: \"{{ steps.make.completed_items }}\" leaves them out; the result is then item['result']",
        ),
        (
            flow(
                '\'{{ steps["make"]["result"] }}\'',
                "{on_error: continue, if: item > 1}"[1:-1].replace(", ", "\n    "),
                inputs='{handler: work, item: "{{ item }}"}',
            ),
            "'for_each' of step 'use': items of 'make' that fail or are skipped come as null",
            'for_each: \'{{ steps["make"]["completed_items"] }}\' leaves them out; the result is then item.result',
        ),
    ],
)
def test_who_lists_results_that_may_be_missing_is_warned(check: Examine, text: str, message: str, hint: str) -> None:
    plan, problems = check(text, handlers_py=HANDLERS)
    assert plan is not None
    assert [(p.severity, p.message, p.hint, p.line) for p in problems] == [("warning", message, hint, problems[0].line)]
    assert problems[0].excerpt.strip().startswith("for_each: ")
    assert problems[0].excerpt[problems[0].column - 1 :].startswith("steps")


def test_a_list_under_items_is_one_too(check: Examine) -> None:
    _, problems = check(flow("{items: " + RESULT + ", limit: 5}"), handlers_py=HANDLERS)
    assert [p.severity for p in problems] == ["warning"]


@pytest.mark.parametrize(
    "text",
    [
        flow(made="on_error: fail"),
        flow('"{{ steps.make.completed_items }}"'),
        flow("\"{{ steps.make.result | reject('none') | list }}\""),
        flow("{items: " + RESULT + ', where: "item is not none"}'),
        flow("{items: " + RESULT + ", where: item}"),
        flow(used='if: "{{ item is not none }}"'),
        flow("[1, 2]"),
        flow('"{{ params }}"').replace("params", "steps.make.failed_items"),
        flow().replace("    for_each: [1, 2, 3]\n", "").replace("item == 2", "1 == 2").replace("item * 10", "[1]"),
    ],
)
def test_where_nothing_is_missing_nobody_is_warned(check: Examine, text: str) -> None:
    plan, problems = check(text, handlers_py=HANDLERS)
    assert plan is not None
    assert problems == []


@pytest.mark.parametrize(
    ("inputs", "mended"),
    [
        ("{handler: work}", '{handler: work, item: "{{ item.result }}"}'),
        ('{code: "result = item + 1"}', "{code: \"result = item['result'] + 1\"}"),
        ('{handler: work, item: "{{ item }}"}', '{handler: work, item: "{{ item.result }}"}'),
    ],
)
def test_who_follows_the_hint_has_only_what_succeeded(tmp_path: Path, inputs: str, mended: str) -> None:
    (tmp_path / "handlers.py").write_text(HANDLERS)
    path = tmp_path / "flow.yaml"
    path.write_text(flow(inputs=inputs, used="on_error: continue"))
    assert run_flow(path).steps["use"].results == [11, None, 31]
    path.write_text(flow('"{{ steps.make.completed_items }}"', inputs=mended, used="on_error: continue"))
    assert run_flow(path).steps["use"].results == [11, 31]
