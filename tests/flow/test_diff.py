"""What an edit changes, step by step and key by key."""

from __future__ import annotations

from tui_workflow.flow.diff import Change, FileDiff, PlanDiff, diff
from tui_workflow.flow.load import examine
from tui_workflow.flow.plan import Plan

OLD = """\
params: {n: 2}
steps:
  list: {type: python, inputs: {code: "result = [1, 2]"}}
  work:
    type: python
    for_each: "{{ steps.list.result }}"
    parallel: 4
    retry: {max_attempts: 2}
    inputs: {handler: work, factor: 2}
  report: {type: shell, inputs: {command: "echo {{ steps.work.result }}"}}
"""
HANDLERS = "def work(item, factor):\n    return item\n"


def plan(text: str, handlers: str = HANDLERS) -> Plan:
    found, problems = examine("flow.yaml", text=text.encode(), handlers={"/f/handlers.py": handlers.encode()})
    assert found is not None, problems
    return found


def edit(old: str, new: str) -> PlanDiff:
    assert old in OLD
    return diff(plan(OLD), plan(OLD.replace(old, new)))


def test_comments_and_layout_change_nothing() -> None:
    found = edit("steps:", "# words\nsteps:\n")
    assert found.empty
    assert not found.structural


def test_a_setting_holds_at_once() -> None:
    found = edit("parallel: 4", "parallel: {max_parallel: 8, executor: thread}")
    (step,) = found.steps
    assert (step.name, step.what, step.stale, step.structural) == ("work", "changed", False, False)
    assert step.changes == (Change("parallel", "4", '{"max_parallel": 8, "executor": "thread"}', "setting"),)


def test_a_key_that_comes_has_no_old_text() -> None:
    (step,) = edit("    parallel: 4\n", "    parallel: 4\n    timeout: 5\n").steps
    assert step.changes == (Change("timeout", None, "5.0", "setting"),)


def test_code_makes_items_stale() -> None:
    (step,) = edit("factor: 2", "factor: 3").steps
    assert step.stale
    assert step.changes == (Change("inputs.factor", "2", "3", "code"),)


def test_for_each_and_type_are_structural() -> None:
    (step,) = edit('"{{ steps.list.result }}"', "{range: 5}").steps
    assert step.changes == (Change("for_each", "{{ steps.list.result }}", '{"range": 5}', "structural"),)
    assert step.structural


def test_steps_that_come_go_and_move() -> None:
    new = """\
params: {n: 2}
steps:
  fresh: {type: python, inputs: {code: result = 1}}
  work:
    type: python
    for_each: [1]
    parallel: 4
    retry: {max_attempts: 2}
    inputs: {handler: work, factor: 2}
  list: {type: python, inputs: {code: "result = [1, 2]"}}
"""
    found = diff(plan(OLD), plan(new))
    assert found.structural
    assert [(step.name, step.what, step.moved) for step in found.steps] == [
        ("fresh", "added", False),
        ("work", "changed", True),
        ("report", "removed", False),
    ]


def test_a_handler_file_is_mapped_to_the_steps_that_use_it() -> None:
    found = diff(plan(OLD), plan(OLD, HANDLERS.replace("return item", "x = item\n    return x")))
    assert found.files == (FileDiff("/f/handlers.py", 2, 1, ("work",)),)
    (step,) = found.steps
    assert (step.name, step.stale, step.changes) == ("work", True, ())


def test_a_comment_in_a_handler_file_touches_no_step() -> None:
    found = diff(plan(OLD), plan(OLD, "# words\n" + HANDLERS))
    assert found.files == (FileDiff("/f/handlers.py", 1, 0),)
    assert found.steps == ()


def test_parameters_hold_from_the_next_run() -> None:
    found = edit("params: {n: 2}", "params: {n: 3}")
    assert [(change.key, change.kind) for change in found.flow] == [("params.n", "frozen")]
    assert not found.structural


def test_a_parameter_that_comes_is_structural() -> None:
    found = edit("params: {n: 2}", "params: {m: 2}")
    assert [(change.key, change.kind) for change in found.flow] == [("params.n", "frozen"), ("params.m", "structural")]
    assert found.structural


def test_the_flows_environment_makes_every_step_stale() -> None:
    found = edit("params:", "env: {A: x}\nparams:")
    assert found.flow == (Change("env", None, '{"A": "x"}', "code"),)
    assert [step.stale for step in found.steps] == [True, True, True]
