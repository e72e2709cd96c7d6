"""Who waits for whom, who reads whom, and what a definition is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import seed
from tui_workflow.flow.graph import outdated, readers
from tui_workflow.flow.load import examine
from tui_workflow.flow.plan import Plan

from .conftest import Examine


def plan_of(check: Examine, text: str, **files: str) -> Plan:
    plan, problems = check(text, **files)
    assert problems == []
    assert plan is not None
    return plan


def code(text: str = "1") -> str:
    return f'{{code: "result = {text}"}}'


GRAPH = f"""
steps:
  a: {{type: python, inputs: {code()}}}
  b: {{type: python, inputs: {code("steps['a']")}}}
  c: {{type: python, needs: [], inputs: {code()}}}
  d: {{type: python, needs: [], inputs: {code("steps.c.result + steps['b'].result")}}}
  e: {{type: python, needs: [c], rerun: false, inputs: {code("steps['b']")}}}
  f: {{type: python, inputs: {code("steps['e']")}}}
  g: {{type: python, inputs: {code("list(steps)")}}}
on_failure:
  h: {{type: python, inputs: {code("steps['a']")}}}
  i: {{type: python, inputs: {code()}}}
finally:
  j: {{type: python, inputs: {code("steps['h']")}}}
"""


def test_edges(check: Examine) -> None:
    plan = plan_of(check, GRAPH)
    assert {p.name: p.needs for p in plan.steps} == {
        "a": (),
        "b": ("a",),
        "c": (),
        "d": ("b", "c"),
        "e": ("b", "c"),
        "f": ("e",),
        "g": ("f",),
        "h": (),
        "i": ("h",),
        "j": (),
    }
    assert {p.name: p.reads for p in plan.steps} == {
        "a": (),
        "b": ("a",),
        "c": (),
        "d": ("b", "c"),
        "e": ("b",),
        "f": ("e",),
        "g": None,
        "h": ("a",),
        "i": (),
        "j": ("h",),
    }


def test_readers_are_transitive_and_stop_at_rerun_false(check: Examine) -> None:
    plan = plan_of(check, GRAPH)
    assert readers(plan, "a") == ("b", "d", "g")
    assert readers(plan, "c") == ("d", "g")
    assert readers(plan, "e") == ("f", "g")
    assert readers(plan, "g") == ()


LOOPS = f"""
steps:
  work: {{type: python, for_each: [1, 2], inputs: {code("item")}}}
  listed: {{type: python, for_each: "{{{{ steps.work.result }}}}", key: "{{{{ item }}}}", inputs: {code("item")}}}
  used: {{type: shell, for_each: [eu, us], inputs: {{command: "echo {{{{ steps.work.completed_items|length }}}}"}}}}
  total: {{type: python, inputs: {code("steps.work.result")}}}
  told: {{type: shell, for_each: [1], if: "{{{{ steps.total.result }}}}", inputs: {{command: "true"}}}}
  each: {{type: shell, for_each: [1], if: "{{{{ item < steps.total.result }}}}", inputs: {{command: "true"}}}}
  bill: {{type: shell, for_each: [1], env: {{N: "{{{{ steps.total.result }}}}"}}, inputs: {{command: "true"}}}}
  mail: {{type: python, rerun: false, inputs: {code("steps.total.result")}}}
  any: {{type: python, for_each: [1], inputs: {code("list(steps)")}}}
"""


def test_items_are_outdated_by_what_they_are_made_of_and_not_by_where_they_are_listed(check: Examine) -> None:
    plan = plan_of(check, LOOPS)
    assert plan["listed"].item_reads == ()
    assert plan["listed"].reads == ("work",)
    assert readers(plan, "work") == ("listed", "used", "total", "told", "each", "bill", "any")
    assert outdated(plan, "work") == ("used", "each", "bill", "mail", "any")
    assert outdated(plan, "used") == ("any",)
    assert outdated(plan, "any") == ()


def test_a_needed_step_may_stand_later(check: Examine) -> None:
    plan = plan_of(
        check,
        f"steps:\n  a: {{type: python, needs: [b], inputs: {code('steps.b')}}}\n"
        f"  b: {{type: python, needs: [], inputs: {code()}}}\n",
    )
    assert plan["a"].needs == ("b",)


def test_a_handler_that_asks_for_steps_reads_them(check: Examine) -> None:
    plan = plan_of(
        check,
        "steps:\n  a: {type: python, inputs: {code: result = 1}}\n  b: {type: python, needs: [], inputs: {handler: f}}\n"
        "  c: {type: python, needs: [], inputs: {handler: g}}\n",
        handlers_py="def f(steps):\n    return steps['a'].result\n\ndef g(steps):\n    return len(steps)\n",
    )
    assert (plan["b"].needs, plan["b"].reads, plan["c"].reads) == (("a",), ("a",), None)


def test_a_template_file_is_read_for_what_it_reads(check: Examine, folder: Path) -> None:
    text = "steps:\n  a: {type: python, inputs: {code: result = 1}}\n  b: {type: template, needs: [], inputs: {file: t.txt, output: o}}\n"
    plan, problems = check(text)
    assert [(p.severity, p.message) for p in problems] == [("warning", "there is no template file 't.txt' yet")]
    assert plan is not None
    assert plan["b"].reads is None
    (folder / "t.txt").write_text("one\n{{ steps.a.result }}\n")
    plan = plan_of(check, text)
    assert (plan["b"].needs, plan["b"].reads) == (("a",), ("a",))
    (folder / "t.txt").write_text("one\n{{ steps.a. }}\n")
    _, problems = check(text)
    assert problems[0].message.startswith("bad template in line 2 of 't.txt': ")


def test_thousands_of_steps_are_no_trouble(tmp_path: Path) -> None:
    lines = [f"  s{n}: {{type: python, inputs: {{code: \"result = steps['s{n - 1}']\"}}}}" for n in range(1, 5000)]
    text = "steps:\n  s0: {type: python, inputs: {code: result = 1}}\n" + "\n".join(lines)
    plan, problems = examine(tmp_path / "f.yaml", text=text.encode())
    assert problems == []
    assert plan is not None
    assert len(plan.steps) == 5000


BASE = """\
env: {E: "1"}
params: {n: 2}
steps:
  a:
    type: python
    for_each: [1, 2]
    retry: {max_attempts: 2}
    env: {F: "2"}
    inputs: {handler: work, x: 1, y: "{{ params.n }}"}
"""
HANDLERS = "def work(item, x, y):\n    return item\n"


def digest(text: str, handlers: str = HANDLERS) -> str:
    plan, problems = examine("flow.yaml", text=text.encode(), handlers={"handlers.py": handlers.encode()})
    assert plan is not None, problems
    return plan["a"].definition


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("max_attempts: 2", "max_attempts: 9"),
        ("for_each: [1, 2]", "for_each: [1]"),
        ("    retry:", "    timeout: 5\n    retry:"),
        ("    retry:", "    parallel: 3\n    retry:"),
        ("    retry:", "    on_error: continue\n    retry:"),
        ("    retry:", "    # a comment\n    description: words\n    retry:"),
        ("x: 1, y:", "  x: 0x1,   y:"),
        ("{handler: work, x: 1,", "{operation: custom, x: 1, handler: work,"),
        ("type: python", "task: python"),
        ("params: {n: 2}", "params: {n: 3}"),
    ],
)
def test_the_definition_stays(old: str, new: str) -> None:
    assert old in BASE
    assert digest(BASE.replace(old, new)) == digest(BASE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x: 1", "x: 2"),
        ("x: 1", 'x: "1"'),
        ("x: 1", "x: 1.0"),
        ("x: 1", "x: true"),
        ("{{ params.n }}", "{{ params.n  }}"),
        ('F: "2"', 'F: "3"'),
        ('E: "1"', 'E: "2"'),
        ("    env:", "    workdir: sub\n    env:"),
        ("handler: work", "handler: work2"),
        ("{handler: work, x: 1,", "{code: result = 1, x: 1,"),
    ],
)
def test_the_definition_moves(old: str, new: str) -> None:
    assert old in BASE
    both = HANDLERS + "\n\ndef work2(item, x, y):\n    return item\n"
    assert digest(BASE.replace(old, new), both) != digest(BASE, both)


def test_handler_text_counts_as_a_tree_without_docstrings() -> None:
    same = '"""Doc."""\n\n\ndef work( item , x, y ):\n    "Doc"\n    # comment\n    return (item)\n'
    assert digest(BASE, same) == digest(BASE)
    assert digest(BASE, HANDLERS + "\nOTHER = 1\n") != digest(BASE)
    assert digest(BASE, HANDLERS.replace("return item", "return 'item'")) != digest(BASE)


def test_code_counts_as_a_tree() -> None:
    text = "steps:\n  a:\n    type: python\n    inputs:\n      code: |\n        x = 1\n        result = lambda: [x, f'{x:>3}']\n"
    spaced = text.replace("x = 1", "x = 1   # one\n\n        'words'")
    assert digest(text) != digest(text.replace("x = 1", "x = 2"))
    assert digest(text) == digest(text.replace("x = 1", "x   =  1  # one"))
    assert digest(text) != digest(spaced)


@pytest.mark.slow
@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_the_definition_is_the_same_in_every_process(hash_seed: str) -> None:
    program = "import sys; from tests.flow.test_graph import BASE, digest; from tests import seed; print(digest(BASE))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == digest(BASE)


def test_the_definitions_of_the_specification_do_not_move() -> None:
    """Stored runs compare them: a change here makes every completed item of every user stale."""
    plan, _ = examine("flow.yaml", text=seed.hosted(7).encode(), handlers={"handlers.py": seed.HANDLERS.encode()})
    assert plan is not None
    assert {p.name: p.definition for p in plan.steps} == {
        "prepare_chunks": "a15c244937308be0",
        "process_chunks": "3dc39dbc36a6385c",
        "track_progress": "5902ea7f42fa9ba6",
        "handle_failures": "5134249b650f86b4",
    }


KEYS = [
    "type: python",
    "for_each: [1]",
    "env: {F: '2', G: '3'}",
    "workdir: w",
    "inputs: {handler: work, x: {a: 1, b: [2]}, y: z}",
]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(order=st.permutations(KEYS), gap=st.sampled_from(["\n", "\n\n", "\n    # words\n"]))
def test_the_order_of_keys_and_comments_do_not_count(order: list[str], gap: str) -> None:
    def text(keys: list[str], between: str) -> str:
        return "steps:\n  a:\n    " + f"{between}    ".join(keys) + "\n"

    assert digest(text(order, gap)) == digest(text(KEYS, "\n"))
