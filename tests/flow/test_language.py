"""Every key and every short form of the language, read into the model."""

from __future__ import annotations

import os
from dataclasses import replace

import jsonschema
import pytest

from tui_workflow.flow.compose import compose
from tui_workflow.flow.load import planned
from tui_workflow.flow.model import OnError, Parallel, Retry
from tui_workflow.flow.nodes import plain
from tui_workflow.flow.plan import Plan
from tui_workflow.flow.schema import json_schema
from tui_workflow.flow.written import written

from .conftest import Examine

HANDLERS = """
from functools import partial
from tui_workflow import task


def work(item):
    return item


twice = partial(work, item=2)


@task("mail")
def send(inputs, task):
    return inputs["to"]


class Tool:
    def __call__(self, item):
        return item
"""


def plan_of(text: str, check: Examine, warnings: int = 0) -> Plan:
    """The plan of a text without errors; the schema accepts it as well."""
    plan, problems = check(text, handlers_py=HANDLERS)
    assert [problem for problem in problems if problem.severity == "error"] == []
    assert len(problems) == warnings
    assert plan is not None
    node, _ = compose(plan.text, "flow.yaml")
    assert node is not None
    jsonschema.validate(plain(node), json_schema())
    read_again(plan)
    return plan


def read_again(plan: Plan) -> None:
    """Written and read again the flow is what it was, so that what is made of two flows is checked like one of a file."""
    parsed, keys = written(plan.flow, plan.path)
    steps = planned(parsed, plan.handlers, os.path.dirname(plan.path))
    assert steps is not None, parsed.read.problems
    assert all(keys[problem.line - 1] for problem in parsed.read.problems)
    lines = {each.name: each.step.line for each in plan.steps}
    again = [replace(each, step=each.step.model_copy(update={"line": lines[each.name]})) for each in steps]
    assert again == list(plan.steps)


def test_every_key(check: Examine) -> None:
    plan = plan_of(
        """\
        name: all
        description: Everything
        version: 1.10
        params:
          short: 3
          listed: [1, 2]
          nothing:
          long: {type: dict, default: {a: 1}, description: x}
          needed: {type: float, min: 0, max: 1}
          optional: {type: string, required: false, pattern: "^a", enum: [a, ab]}
          token: {secret: true}
        env: {A: "{{ params.short }}", B: 1, C: true}
        handlers: [handlers.py]
        defaults:
          retry: {max_attempts: 3, delay: 1}
          timeout: 60
          on_error: continue
          parallel: {max_parallel: 2, executor: thread}
        notify: {on: [item_failed, failed, finished], bell: true, command: "notify-send x"}
        steps:
          a:
            type: python
            description: First
            for_each: [1, "{{ params.short }}"]
            batch_size: 5
            key: "{{ item }}"
            parallel: {max_parallel: 4}
            retry: {delay: 2, backoff: 2, max_delay: 10, jitter: 0.1, on: [ValueError, "exit:75"]}
            timeout: 1.5
            memory: 512M
            on_error: {max_failures: "5%"}
            on_progress: "def update_progress(items_processed, total_items): print(items_processed)"
            if: item != 2
            needs: []
            rerun: false
            checkpoint: each
            env: {D: "{{ params.short }}"}
            workdir: sub
            inputs: {handler: work, item: "{{ item }}"}
          b:
            task: mail
            depends_on: a
            if: "{{ steps.a.result }}"
            inputs: {to: "{{ steps.a.result }}"}
        on_failure:
          undo: {type: shell, inputs: {command: [echo, "{{ params.short }}"], stdin: x, ok_codes: [0, 3]}}
        finally:
          - name: write
            type: template
            inputs: {template: "{{ steps.b.result }}", output: out/x.txt}
        """,
        check,
    )
    flow = plan.flow
    assert (flow.name, flow.description, flow.version) == ("all", "Everything", "1.10")
    assert flow.env == {"A": "{{ params.short }}", "B": "1", "C": "true"}
    assert {name: param.required for name, param in flow.params.items()} == {
        "short": False,
        "listed": False,
        "nothing": False,
        "long": False,
        "needed": True,
        "optional": False,
        "token": True,
    }
    assert (flow.params["long"].type, flow.params["needed"].type) == ("object", "number")
    a = plan["a"].step
    assert a.retry == Retry(max_attempts=3, delay=2, backoff=2, max_delay=10, jitter=0.1, on=("ValueError", "exit:75"))
    assert a.on_error == OnError(action="continue", max_failures="5%")
    assert a.parallel == Parallel(max_parallel=4, executor="thread")
    assert (a.timeout, a.memory, a.batch_size, a.rerun, a.checkpoint) == (1.5, 512 * 1024**2, 5, False, "each")
    assert (a.condition, a.condition_per_item, a.workdir, a.key) == ("item != 2", True, "sub", "{{ item }}")
    b = plan["b"].step
    assert (b.type, b.needs, b.timeout, b.parallel, b.condition_per_item) == ("mail", ("a",), 60, None, False)
    assert b.retry == Retry(max_attempts=3, delay=1)
    undo = plan["undo"]
    assert (undo.section, undo.step.retry, undo.step.timeout, undo.step.on_error) == (
        "on_failure",
        Retry(),
        None,
        OnError(),
    )
    assert [(p.name, p.section) for p in plan.steps] == [
        ("a", "steps"),
        ("b", "steps"),
        ("undo", "on_failure"),
        ("write", "finally"),
    ]
    assert flow.notify is not None
    assert flow.notify.bell


@pytest.mark.parametrize(
    ("written", "parallel"),
    [
        ("3", Parallel(max_parallel=3)),
        ("true", Parallel()),
        ("{executor: async}", Parallel(executor="async")),
        ("{max_parallel: true}", Parallel()),
        ('"{{ params.n }}"', Parallel(max_parallel="{{ params.n }}")),
        ("false", None),
    ],
)
def test_parallel(written: str, parallel: Parallel | None, check: Examine) -> None:
    text = f"params: {{n: 2}}\nsteps:\n  a: {{type: python, for_each: [1], parallel: {written}, inputs: {{handler: work}}}}\n"
    assert plan_of(text, check)["a"].step.parallel == parallel


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{file: data.csv}", {"kind": "file", "value": "data.csv"}),
        ("{file: data, format: jsonl}", {"kind": "file", "value": "data", "format": "jsonl"}),
        ('{file: "{{ params.f }}"}', {"kind": "file", "value": "{{ params.f }}"}),
        ('{glob: "in/**/*.json", limit: 3}', {"kind": "glob", "value": "in/**/*.json", "limit": 3}),
        ("{range: 1000000, chunk: 10}", {"kind": "range", "value": 1000000, "chunk": 10}),
        (
            '{items: "{{ params.f }}", where: item > 1}',
            {"kind": "items", "value": "{{ params.f }}", "where": "item > 1"},
        ),
        (
            "{sql: select 1 as a, database: a.db, where: item.a}",
            {"kind": "sql", "value": "select 1 as a", "database": "a.db", "where": "item.a"},
        ),
        (
            '{sql: "select :a, :b", database: "{{ params.f }}", args: {a: "{{ params.f }}", b: 3}}',
            {
                "kind": "sql",
                "value": "select :a, :b",
                "database": "{{ params.f }}",
                "args": {"a": "{{ params.f }}", "b": 3},
            },
        ),
        ("[1, {a: b}]", {"kind": "items", "value": [1, {"a": "b"}]}),
        ("[]", {"kind": "items", "value": []}),
    ],
)
def test_for_each(written: str, expected: dict[str, object], check: Examine) -> None:
    text = f"params: {{f: x}}\nsteps:\n  a: {{type: python, for_each: {written}, inputs: {{handler: work}}}}\n"
    source = plan_of(text, check)["a"].step.for_each
    assert source is not None
    assert source.model_dump(exclude_none=True) == expected


@pytest.mark.parametrize(
    "inputs",
    [
        "{operation: multiply, item: 3, factor: 2}",
        "{operation: multiply, numbers: [1, 2], factor: 2}",
        "{operation: divide, dividend: 3, divisor: 2}",
        "{operation: custom, handler: work, item: 1}",
        "{handler: twice}",
        "{handler: Tool}",
        "{handler: partial}",
        "{code: result = 1, x: 2}",
    ],
)
def test_python_inputs(inputs: str, check: Examine) -> None:
    plan_of(f"steps:\n  a: {{type: python, inputs: {inputs}}}\n", check)


def test_an_empty_flow_is_valid(check: Examine) -> None:
    assert plan_of("steps: {}\n", check).steps == ()
    assert plan_of("steps:\n", check).flow.name == "flow"


def test_handlers_are_looked_up_in_order(check: Examine) -> None:
    files = {"tools_py": "def work(item): pass\n", "flow_py": "def other(item): pass\n"}
    plan, problems = check(
        "handlers: tools.py\nsteps:\n  a: {type: python, inputs: {handler: other, item: 1}}\n", **files, handlers_py=""
    )
    assert problems == []
    assert plan is not None
    assert [file.path.rpartition("/")[2] for file in plan.handlers] == ["tools.py", "flow.py", "handlers.py"]
    assert plan.handlers[0].source == b"def work(item): pass\n"


def test_a_module_is_a_file_of_one_line(check: Examine) -> None:
    plan, problems = check("handlers: [os.path]\nsteps:\n  a: {type: python, inputs: {handler: basename}}\n")
    assert plan is not None
    assert plan.handlers[0].source == b"from os.path import *\n"
    assert [problem.severity for problem in problems] == ["warning"]


def test_nothing_of_the_flow_is_executed(check: Examine) -> None:
    trap = "raise SystemExit('executed')\ndef work(item): pass\n"
    plan, problems = check(
        "handlers: yaml.py\nsteps:\n  a: {type: python, inputs: {handler: work, item: 1}}\n  b: {type: python, inputs: {code: 1/0}}\n",
        yaml_py=trap,
        json_py=trap,
        handlers_py=trap,
    )
    assert problems == []
    assert plan is not None
