"""Text that could hurt a reader of YAML is refused while it is read: quickly, in little memory, in one line."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import seed
from tui_workflow.flow.load import examine
from tui_workflow.flow.problems import render
from tui_workflow.text import visible

from .conftest import Examine

ALIAS_BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)
MERGE_BOMB = "a0: &a0 {k: v}\n" + "".join(
    f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)

BOMBS = {
    "aliases": (ALIAS_BOMB.encode(), "more than 100000 values", None),
    "merge keys": (MERGE_BOMB.encode(), "more than 100000 values", None),
    "recursion": (b"steps: &a [*a]\n", "alias '*a' stands inside its own anchor", (1, 12)),
    "recursive mapping": (b"steps: &a\n  x: *a\n", "alias '*a' stands inside its own anchor", (2, 6)),
    "deep flow": (b"steps: " + b"[" * 1000 + b"]" * 1000, "nested more than 64 levels", None),
    "deep flow mapping": (b"steps: " + b"{a: " * 1000 + b"}" * 1000, "nested more than 64 levels", None),
    "deep block": ("".join(f"{' ' * n}a:\n" for n in range(1000)).encode(), "nested more than 64 levels", None),
    "deep open": (b"[" * 900_000, "nested more than 64 levels", None),
    "NUL": (b"name: x\nsteps: \0\n", "character U+0000 cannot stand in YAML", (2, 8)),
    "escape": (b"name: \x1b[31m\n", "character U+001B cannot stand in YAML", (1, 7)),
    "10 MB": (b"name: x\n" * 1_250_000, "the file has 10.0 MB; a flow has at most 1 MB", (1, 1)),
    "not UTF-8": (b"name: x\nsteps: \xff\n", "byte 0xff is not UTF-8 text", (2, 8)),
    "UTF-16": ("name: x".encode("utf-16"), "byte 0xff is not UTF-8 text", (1, 1)),
    "python object": (
        b"steps: !!python/object/apply:os.system ['touch pwn']\n",
        "tag '!!python/object/apply:os.system' is not allowed",
        (1, 8),
    ),
    "python name": (
        b"name: !!python/name:os.system\nsteps: {}\n",
        "tag '!!python/name:os.system' is not allowed",
        (1, 7),
    ),
    "own tag": (b"name: !secret x\nsteps: {}\n", "tag '!secret' is not allowed", (1, 7)),
    "binary tag": (b"name: !!binary aGk=\nsteps: {}\n", "tag '!!binary' is not allowed", (1, 7)),
    "two documents": (b"steps: {}\n---\nsteps: {}\n", "this is a second", (2, 1)),
    "list as key": (b"steps:\n  [a, b]: 1\n", "a key must be a name", (2, 3)),
    "unquoted template": (b"name: {{ params.x }}\nsteps: {}\n", "a template needs quotes here", (1, 7)),
    "no anchor": (b"name: *missing\n", "alias '*missing' without an anchor '&missing'", (1, 7)),
    "tab": (b"steps:\n\ta: 1\n", "not valid YAML: found character that cannot start any token", (2, 1)),
    "colon": (b"name: a: b\n", "not valid YAML: mapping values are not allowed", (1, 8)),
    "open quote": (b'name: "a\n', "not valid YAML: found unexpected end of stream", (2, 1)),
}


@pytest.mark.parametrize("name", BOMBS)
def test_refused_quickly_and_in_one_line(name: str, check: Examine) -> None:
    data, message, place = BOMBS[name]
    check(b"steps: {}\n")  # what is imported once does not count
    took = 1.0
    for _ in range(5):  # a machine that is busy with something else is late, but not every time
        began = time.perf_counter()
        plan, problems = check(data)
        took = min(took, time.perf_counter() - began)
        if took < 0.2:
            break
    assert plan is None
    assert message in problems[0].message
    assert "\n" not in problems[0].message
    if place:
        assert (problems[0].line, problems[0].column) == place
    assert took < 0.2
    assert all("\n" not in line and "\x1b" not in line for line in render(problems[0]))


@pytest.mark.parametrize("name", ["aliases", "merge keys", "deep open", "10 MB"])
def test_refused_in_little_memory(name: str, folder: Path) -> None:
    (folder / "flow.yaml").write_bytes(BOMBS[name][0])
    tracemalloc.start()
    try:
        examine("flow.yaml")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 50_000_000


def test_duplicate_keys_are_errors_with_both_lines(check: Examine) -> None:
    _, problems = check("name: a\nsteps: {}\nname: b\n")
    assert [(p.line, p.column, p.message) for p in problems] == [(3, 1, "duplicate key 'name', already on line 1")]


def test_merged_keys_yield_to_own_ones(check: Examine) -> None:
    plan, problems = check("""\
        steps:
          a: &a
            type: shell
            inputs: {command: "true"}
            timeout: 5
          b:
            <<: *a
            timeout: 6
        """)
    assert problems == []
    assert plan
    assert (plan["a"].step.timeout, plan["b"].step.timeout) == (5, 6)
    assert plan["b"].step.inputs == {"command": "true"}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("on", "on"),
        ("no", "no"),
        ("yes", "yes"),
        ("off", "off"),
        ("y", "y"),
        ("1:30", "1:30"),
        ("1:30:00", "1:30:00"),
        ("010", "010"),
        ("-007", "-007"),
        ("00", "00"),
        ("1_000", "1_000"),
        ("2024-01-31", "2024-01-31"),
        ("0b11", "0b11"),
        ("=", "="),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("0", 0),
        ("-12", -12),
        ("+3", 3),
        ("0x1F", 31),
        ("0o17", 15),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-.inf", float("-inf")),
        ("'1'", "1"),
        ("!!str 1", "1"),
        ("!!float 1", 1.0),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_scalars_are_those_of_yaml_1_2(written: str, value: object, check: Examine) -> None:
    plan, problems = check(f"params:\n  p: {written}\nsteps: {{}}\n")
    assert problems == []
    assert plan
    got = plan.flow.params["p"].default
    assert (got, type(got)) == (value, type(value))


def test_the_key_on_is_a_word(check: Examine) -> None:
    plan, problems = check("notify:\n  on: [failed]\n  bell: true\nsteps: {}\n")
    assert problems == []
    assert plan
    assert plan.flow.notify
    assert plan.flow.notify.on == ("failed",)


SEEDS = [block.encode() for block in seed.BLOCKS]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A block of the specification with some of its bytes cut out or replaced."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 20)))
        data[start:end] = draw(
            st.binary(max_size=6) | st.sampled_from([b"{{", b"'", b": ", b"\n  ", b"- ", b"&a", b"*a"])
        )
    return bytes(data)


@settings(max_examples=150, deadline=1000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200) | st.text(max_size=200).map(str.encode) | damaged())
def test_any_bytes_give_a_flow_or_problems(data: bytes, tmp_path: Path) -> None:
    plan, problems = examine(tmp_path / "flow.yaml", text=data, handlers={"handlers.py": seed.HANDLERS.encode()})
    assert (plan is None) == any(problem.severity == "error" for problem in problems)
    for problem in problems:
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.message
        assert all(visible(line) == line for line in render(problem))
