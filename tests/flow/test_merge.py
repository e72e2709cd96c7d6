"""What of an edit holds at once, and what waits: what is in force is a flow that the check lets through, whatever was saved."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tui_workflow.flow.diff import diff
from tui_workflow.flow.load import examine, planned
from tui_workflow.flow.merge import in_force
from tui_workflow.flow.parse import SECTIONS
from tui_workflow.flow.plan import Plan
from tui_workflow.flow.written import written

HANDLERS = """
def work(item):
    return item

def total(steps):
    return steps.book.result
"""
FLOW = """\
params: {rate: 2}
env: {LEVEL: low}
steps:
  other:
    type: shell
    inputs: {command: echo 1}
  book:
    type: python
    for_each: {range: 40}
    key: "{{ item }}"
    parallel: 2
    inputs: {handler: work}
  total:
    type: template
    timeout: 30
    inputs: {template: "{{ steps.book.total }} × {{ params.rate }}", output: total.txt}
  sum:
    type: python
    inputs: {handler: total}
on_failure:
  tell:
    type: shell
    inputs: {command: "echo {{ steps.book.failed_items }}"}
finally:
  tidy:
    type: shell
    if: "{{ steps.book.status == 'failed' }}"
    inputs: {command: rm -f total.txt}
"""


def plan(text: str, handlers: str = HANDLERS) -> Plan:
    found, problems = examine("flow.yaml", text=text.encode(), handlers={"/f/handlers.py": handlers.encode()})
    assert found is not None, problems
    return found


def changed(before: Plan, after: Plan) -> set[str]:
    """The keys that differ between two plans, and `handlers` if their code does."""
    found = diff(before, after)
    keys = {f"{step.name}.{change.key}" for step in found.steps for change in step.changes}
    keys |= {change.key for change in found.flow if change.kind != "frozen"}
    return keys | ({"handlers"} if before.handlers != after.handlers else set())


def valid(found: Plan) -> None:
    """The plan passes the check, and is what the check makes of its flow."""
    parsed, _ = written(found.flow, found.path)
    steps = planned(parsed, found.handlers, "")
    assert steps is not None, parsed.read.problems
    assert [(each.name, each.section, each.needs, each.reads, each.definition) for each in steps] == [
        (each.name, each.section, each.needs, each.reads, each.definition) for each in found.steps
    ]


@dataclass(frozen=True)
class Case:
    """Texts that are put in the place of others, in the flow and in its handlers; and the keys that hold at once."""

    edits: tuple[tuple[str, str], ...]
    holds: set[str] = field(default_factory=set)
    code: tuple[tuple[str, str], ...] = ()


RENAMED = (("book", "booked"),)
CASES = {
    "nothing of a new name": Case(RENAMED),
    "what does not name it": Case((*RENAMED, ("timeout: 30", "timeout: 60")), {"total.timeout"}),
    "one input waits for the other": Case((*RENAMED, ("output: total.txt", "output: sum.txt"))),
    "what is renamed in code": Case((), {"handlers"}, (("steps.book", "steps.other"),)),
    "code waits for the name that it reads": Case(RENAMED, set(), (("steps.book", "steps.booked"),)),
    "code holds that only misses it": Case(RENAMED, {"handlers"}, (("steps.book.result", "len(steps)"),)),
    "the code of a step that is gone": Case(
        (('  sum:\n    type: python\n    inputs: {handler: total}\n', ""),),
        set(),
        (("def total(steps):\n    return steps.book.result\n", ""),),
    ),
    "what needs code that waits": Case(
        (('  sum:\n    type: python\n    inputs: {handler: total}\n', ""), ("handler: work", "handler: toil")),
        set(),
        (("def total(steps):\n    return steps.book.result\n", "def toil(item):\n    return 1\n"),),
    ),
    "a parameter": Case((("rate", "factor"),)),
    "a parameter, and what does not read it": Case(
        (("rate: 2", "rate: 2, level: high"), ("LEVEL: low", 'LEVEL: "{{ params.level }}"'), ("echo 1", "echo 2")),
        {"other.inputs.command"},
    ),
    "a parameter in code": Case(
        (("rate: 2", "rate: 2, level: 3"), ("handler: total", "code: \"result = params['level']\"")),
    ),
    "another value of a parameter": Case((("rate: 2", "rate: 3"), ("low", "high")), {"env"}),
    "a step that moves": Case(
        (
            ("  other:\n    type: shell\n    inputs: {command: echo 1}\n", ""),
            ("on_failure:", '  other:\n    type: shell\n    inputs: {command: "echo {{ steps.total.result }}"}\non_failure:'),
        )
    ),
    "items that will be others": Case(
        (("{range: 40}", '[{a: 1}, {a: 2}]'), ("{handler: work}", '{handler: work, item: "{{ item.a }}"}'))
    ),
    "what says nothing of items": Case((("{range: 40}", "{range: 50}"), ("parallel: 2", "parallel: 3")), {"book.parallel"}),
    "what reads a step of other items": Case((("{range: 40}", "{range: 50}"), ("book.total }}", "book.total }} of 50"))),
    "what reads no result of it": Case((("{range: 40}", "{range: 50}"), ("echo 1", "echo 2")), {"other.inputs.command"}),
    "what loses its loop": Case(
        (
            ('    for_each: {range: 40}\n    key: "{{ item }}"\n    parallel: 2\n    inputs: {handler: work}', "    inputs: {handler: work, item: 1}"),
            ("book.total", "book.result"),
            ("book.failed_items", "book.error"),
        )
    ),
    "all of a step of another type": Case(
        (("type: template\n    timeout: 30\n    inputs: {template: \"{{ steps.book.total }} × {{ params.rate }}\", output: total.txt}", "type: shell\n    timeout: 9\n    inputs: {command: echo}"),)
    ),
    "a step between": Case(
        (("  sum:", '  more:\n    type: shell\n    inputs: {command: echo}\n  sum:'), ("echo 1", "echo 2")),
        {"other.inputs.command"},
    ),
    "what reads a step that reads it": Case(
        (*RENAMED, ("rm -f total.txt", '"rm -f {{ steps.total.result }}"')),
    ),
    "cleanup of its own": Case((*RENAMED, ("echo 1", "echo 2"), ("type: shell\n    if", "type: shell\n    workdir: .\n    if")), {"other.inputs.command", "tidy.workdir"}),
}  # fmt: skip


def edited(case: Case) -> Plan:
    text, code = FLOW, HANDLERS
    for old, new in case.edits:
        assert old in text
        text = text.replace(old, new)
    for old, new in case.code:
        assert old in code
        code = code.replace(old, new)
    return plan(text, code)


@pytest.mark.parametrize("name", CASES)
def test_what_holds_of_an_edit(name: str) -> None:
    case, before = CASES[name], plan(FLOW)
    after = edited(case)
    found = in_force(before, after)
    assert changed(before, found) == set(case.holds)
    assert [each.name for each in found.steps] == [each.name for each in before.steps]
    assert found.text == after.text
    valid(found)


def test_what_waits_is_still_there_for_the_next_edit() -> None:
    before = plan(FLOW)
    renamed = FLOW.replace("book", "booked")
    first = in_force(before, plan(renamed))
    second = in_force(first, plan(renamed.replace("echo 1", "echo 2")))
    assert changed(before, second) == {"other.inputs.command"}
    assert in_force(second, before).steps == before.steps
    third = plan(renamed.replace("steps.booked.total", "steps.other.status"))
    assert changed(before, in_force(second, third)) == {"total.inputs.template"}


def test_steps_stand_where_the_saved_text_has_them() -> None:
    text = "# one more line\n" + FLOW.replace("book", "booked")
    found = in_force(plan(FLOW), plan(text))
    rows = text.split("\n")
    assert [rows[found[name].step.line - 1].strip() for name in ("other", "total", "tidy")] == [
        "other:",
        "total:",
        "tidy:",
    ]


# whatever is saved

FUNCTIONS = ("one", "two", "three")
NAMES = ("a", "b", "c", "d")
LOOPS = (None, [1, 2], {"range": 3}, "{{ params.p }}")


@st.composite
def step(draw: st.DrawFn, name: str, others: list[str]) -> dict[str, Any]:
    """A step that may read others and parameters, in the places where that can be."""
    loop = draw(st.sampled_from(LOOPS))
    texts = ["x", "{{ params.p }}", "{{ params.q }}", *(f"{{{{ steps.{other}.result }}}}" for other in others)]
    texts += ["{{ item }}", "{{ key }}"] if loop is not None else []
    texts += [f"{{{{ steps.{other}.completed_items }}}}" for other in others]
    found: dict[str, Any] = {}
    kind = draw(st.sampled_from(["python", "shell", "plain"]))
    if kind == "python":
        given = {"item": draw(st.sampled_from(texts))} if loop is None or draw(st.booleans()) else {}
        found |= {"type": "python", "inputs": {"handler": draw(st.sampled_from(FUNCTIONS)), **given}}
    elif kind == "shell":
        found |= {"type": "shell", "inputs": {"command": f"echo {draw(st.sampled_from(texts))}"}}
    else:
        found |= {"type": "template", "inputs": {"template": draw(st.sampled_from(texts)), "output": "out"}}
    if loop is not None:
        found["for_each"] = loop
        found |= draw(st.sampled_from([{}, {"key": "{{ item }}"}, {"parallel": 2}]))
    if draw(st.booleans()):
        found["if"] = draw(st.sampled_from(texts))
    if draw(st.booleans()):
        found["env"] = {"A": draw(st.sampled_from(texts))}
    if draw(st.booleans()) and others:
        found["needs"] = draw(st.lists(st.sampled_from(others), unique=True, max_size=2))
    return found


@st.composite
def saved(draw: st.DrawFn) -> Plan:
    """Any flow that the check lets through, with its handlers."""
    names = draw(st.permutations(NAMES))
    flow: dict[str, Any] = {
        "params": draw(st.sampled_from([{"p": [1]}, {"q": [1]}, {"p": [1], "q": [2]}])),
        "steps": {},
    }
    if draw(st.booleans()):
        flow["env"] = {"B": draw(st.sampled_from(["x", "{{ params.p }}", "{{ params.q }}"]))}
    cut = draw(st.integers(1, len(names)))
    for place, name in enumerate(names[: draw(st.integers(cut, len(names)))]):
        section = "steps" if place < cut else "finally"
        flow.setdefault(section, {})[name] = draw(step(name, list(names[:place])))
    functions = draw(st.lists(st.sampled_from(FUNCTIONS), unique=True))
    reads = [None, *NAMES]
    code = ""
    for name in functions:
        read = draw(st.sampled_from(reads))
        code += (
            f"def {name}(item{', steps' if read else ''}):\n    return {f'steps.{read}.result' if read else 'item'}\n"
        )
    found, _ = examine("flow.yaml", text=json.dumps(flow).encode(), handlers={"/f/handlers.py": code.encode()})
    assume(found is not None)
    assert found is not None
    return found


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=saved(), second=saved(), third=saved())
def test_what_is_in_force_is_a_flow_that_the_check_lets_through(first: Plan, second: Plan, third: Plan) -> None:
    current = first
    for new in (second, third, first):
        found = in_force(current, new)
        valid(found)
        assert [each.name for each in found.steps] == [each.name for each in first.steps], "the structure is the run's"
        assert found.flow.params == first.flow.params
        after = {each.name: each.step for each in new.steps}
        for was, now in zip(current.steps, found.steps, strict=True):
            assert (was.section, was.step.type, was.step.for_each, was.step.key, was.step.needs) == (
                now.section,
                now.step.type,
                now.step.for_each,
                now.step.key,
                now.step.needs,
            )
            for name in type(now.step).model_fields:
                values = [getattr(was.step, name), getattr(after.get(now.name, was.step), name)]
                assert name == "line" or getattr(now.step, name) in values
        current = found
    assert current.flow.model_copy(update={section: () for _, section in SECTIONS}) == first.flow.model_copy(
        update={section: () for _, section in SECTIONS}
    )


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(before=saved(), after=saved())
def test_the_way_back_leads_to_where_it_was(before: Plan, after: Plan) -> None:
    found = in_force(in_force(before, after), before)
    assert found.steps == before.steps
    assert found.handlers == before.handlers
