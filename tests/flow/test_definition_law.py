"""The definition of a step moves when what it does may move, and only then."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tui_workflow import values
from tui_workflow.flow.load import examine

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("abc xyz-é", max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abk", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = st.sampled_from(["one", "two", "three"])
LAW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def step(inputs: dict[str, Any], env: dict[str, str], indent: int | None = None) -> str:
    """A flow of one step. JSON is YAML."""
    body = {"type": "python", "for_each": [1], "env": env, "inputs": {"code": "result = 1", **inputs}}
    return json.dumps({"steps": {"a": body}}, indent=indent, ensure_ascii=False)


def definition(text: str) -> str:
    plan, problems = examine("flow.yaml", text=text.encode(), handlers={})
    assert plan is not None, problems
    return plan["a"].definition


INPUTS = st.dictionaries(NAMES, PLAIN, max_size=3)
ENV = st.dictionaries(st.sampled_from(["A", "B"]), st.text("xyz 1", max_size=4), max_size=2)


@LAW
@given(inputs=INPUTS, env=ENV, other=INPUTS, other_env=ENV, data=st.data())
def test_it_moves_with_every_value_and_with_no_layout(
    inputs: dict[str, Any], env: dict[str, str], other: dict[str, Any], other_env: dict[str, str], data: st.DataObject
) -> None:
    mine = definition(step(inputs, env))
    order = data.draw(st.permutations(list(inputs)))
    again = step({name: inputs[name] for name in order}, env, indent=data.draw(st.sampled_from([1, 4])))
    assert definition("# words\n" + again + "\n# more words\n") == mine
    same = values.canonical([inputs, env]) == values.canonical([other, other_env])
    assert (definition(step(other, other_env)) == mine) is same


@LAW
@given(inputs=INPUTS, name=NAMES, value=PLAIN)
def test_it_moves_with_the_smallest_change(inputs: dict[str, Any], name: str, value: object) -> None:
    changed = {**inputs, name: value}
    assume(values.canonical(changed) != values.canonical(inputs))
    assert definition(step(changed, {})) != definition(step(inputs, {}))


def test_it_is_the_same_whatever_the_seed_of_hashes() -> None:
    text = step({"one": {"b": [1, 2.5, None], "a": "x"}, "two": {"k": {"z": 1, "a": 2}}}, {"B": "1", "A": "2"})
    program = "import sys; from tests.flow.test_definition_law import definition; print(definition(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", program, text],
        env={**os.environ, "PYTHONHASHSEED": "4242"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == definition(text)
