"""Steps are found in a flow's text by their looks."""

from __future__ import annotations

import pytest

from tui_workflow.view.stepline import block_line, param_line, step_line, work_line

FLOW = """\
name: work
params:
  work: 1
steps:
  # work: not this
  first:
    type: python
    inputs:
      code: |
        a = 1
        b = a / 0
        result = b
  "quoted step": {type: python}
  work:   # this
    type: shell
    inputs: {command: "echo work: x"}
finally:
  tidy:
    type: shell
    inputs:
      command: >-
        echo
"""
LISTED = "steps:\n  - name: one\n    type: shell\n  - type: shell\n    name: 'two'\n"


@pytest.mark.parametrize(
    ("step", "line"), [("first", 6), ("work", 14), ("tidy", 18), ("quoted step", 13), ("no", None)]
)
def test_where_a_step_begins(step: str, line: int | None) -> None:
    assert step_line(FLOW, step) == line


def test_steps_of_a_list() -> None:
    assert step_line(LISTED, "one") == 2
    assert step_line(LISTED, "two") == 5


def test_a_line_of_code_in_the_flow() -> None:
    assert block_line(FLOW, "first", "code", 2) == 11
    assert FLOW.split("\n")[10].strip() == "b = a / 0"
    assert block_line(FLOW, "tidy", "command", 1) == 22
    assert block_line(FLOW, "work", "code", 1) is None
    assert block_line("", "work", "code", 1) is None


WORKS = """\
steps:
  inline: {type: shell, inputs: {command: "exit 3"}}
  command:
    description: "the command: none"
# far to the left
    type: shell
    inputs:
      stdin: x
      command: |
        command: not this
  'words':
    task: "shell"
    inputs: {stdin: a,
             command: [gzip, "{{ item }}"]}
  code:
    type: python
    inputs:
      code: "1/0"
  handled: {type: python, inputs: {handler: work, command: x}}
  written:
    type: template
    inputs:
      file: a.txt
  mailed:
    type: mail
    inputs:
      command: x
"""


@pytest.mark.parametrize(
    ("step", "line"),
    [("inline", 2), ("command", 9), ("words", 14), ("code", 18), ("handled", None), ("written", 23), ("mailed", None)],
)
def test_where_a_step_says_what_it_does(step: str, line: int | None) -> None:
    assert work_line(WORKS, step) == line


def test_where_a_step_of_a_list_says_what_it_does() -> None:
    listed = LISTED.replace("type: shell\n  -", "type: shell\n    inputs:\n      command: ls\n  -", 1)
    assert work_line(listed, "one") == 5
    assert work_line(listed, "no") is None
    assert work_line("", "one") is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (FLOW, 3),
        ("steps:\n  work: {}\nparams: {other: 1, work: 2}\n", 3),
        ("params:\n  other:\n    default: 1\n  'work': {type: integer}\n", 4),
        ("params: {work_x: 1}\nsteps: {work: {}}\n", None),
    ],
)
def test_where_a_parameter_begins(text: str, line: int | None) -> None:
    assert param_line(text, "work") == line
