"""Bad flows, with the place and the words of every problem."""

from __future__ import annotations

import textwrap

import pytest

from tui_workflow.errors import InvalidFlow, UsageError
from tui_workflow.flow.calling import FILLED
from tui_workflow.flow.load import examine, load
from tui_workflow.flow.problems import Problem, count, invalid, render

from .conftest import Examine

HANDLERS = """
def work(item):
    return item


async def fetch(item):
    return item


def resize(item, width, *, quality=80, progress):
    return item


if work:
    def maybe(item):
        return item
"""


def body(text: str) -> str:
    """A flow with one step `a` that has these lines."""
    return "steps:\n  a:\n" + textwrap.indent(textwrap.dedent(text), "    ")


STEP = 'type: shell\ninputs: {command: "true"}\n'
EACH = "type: python\nfor_each: [1]\ninputs: {handler: work}\n"

# (flow, [(line, column, message, hint)])
CASES: dict[str, tuple[str, list[tuple[int, int, str, str]]]] = {
    "empty": ("", [(1, 1, "the file is empty", "'wf-tui new FILE' writes a flow to start from")]),
    "a list": ("- a\n", [(1, 1, "a flow is a mapping with the key 'steps', not a list", "")]),
    "no steps": (
        "name: x\n",
        [(1, 1, "the flow has no steps", "add steps:, a mapping of names to steps; it may be empty")],
    ),
    "unknown top key": (
        "steps: {}\nparms: {}\n",
        [(2, 1, "unknown key 'parms' in the flow", "did you mean 'params'?")],
    ),
    "unknown step key": (
        body(f"{STEP}retires: 3\n"),
        [(5, 5, "unknown key 'retires' in step 'a'", "did you mean 'retry'?")],
    ),
    "no type": (
        body("inputs: {}\n"),
        [(2, 3, "step 'a' has no type", "add type: python, shell or template")],
    ),
    "unknown type": (
        body("type: pyton\n"),
        [(3, 11, "unknown type 'pyton' of step 'a'", "did you mean 'python'?")],
    ),
    "step is no mapping": (
        "steps:\n  a: 5\n",
        [(2, 3, "step 'a' must be a mapping, not the number 5", "give it a type and inputs")],
    ),
    "type and task": (
        body(f"task: shell\n{STEP}"),
        [(3, 5, "step 'a' has both 'type' and 'task', which mean the same", "keep one")],
    ),
    "bad step name": (
        'steps:\n  9x: {type: shell, inputs: {command: "true"}}\n',
        [
            (
                2,
                3,
                "'9x' is not a name for a step",
                "use letters, digits, '_' and '-', at most 100, and a letter first",
            )
        ],
    ),
    "name in a cleanup section": (
        'steps:\n  a: {type: shell, inputs: {command: "true"}}\nfinally:\n  a: {type: shell, inputs: {command: "true"}}\n',
        [(4, 3, "there is a step 'a' already, on line 2", "rename one of them")],
    ),
    "list without names": (
        "steps:\n  - b: {type: shell}\n",
        [(2, 5, "an element of 'steps' has no name", "write name: b, and its keys beside it")],
    ),
    "for_each is a string": (
        body('type: python\nfor_each: "abc"\ninputs: {handler: work}\n'),
        [
            (
                4,
                15,
                "'for_each' of step 'a' is the string 'abc': a string is not a list",
                'write a list, a template such as "{{ steps.NAME.result }}", or a source such as {file: data.csv}',
            )
        ],
    ),
    "for_each is a number": (
        body("type: python\nfor_each: 5\ninputs: {handler: work}\n"),
        [
            (
                4,
                15,
                "'for_each' of step 'a' must be a list, a template or a source, not the number 5",
                "write {range: 5}",
            )
        ],
    ),
    "two sources": (
        body('type: python\nfor_each: {range: 5, glob: "*"}\ninputs: {handler: work}\n'),
        [
            (
                4,
                26,
                "'for_each' of step 'a' needs exactly one of items, file, glob, range, parquet, sql, this is one too many",
                "",
            )
        ],
    ),
    "unknown suffix": (
        body("type: python\nfor_each: {file: a.dat}\ninputs: {handler: work}\n"),
        [
            (
                4,
                22,
                "'file' of 'for_each' of step 'a': the suffix of 'a.dat' does not tell its format",
                "add format: csv, jsonl or txt",
            )
        ],
    ),
    "retry": (
        body(f"{STEP}retry: {{max_attempts: 0, delay: 5m, jitter: 2, on: [a b]}}\n"),
        [
            (5, 27, "'max_attempts' of 'retry' of step 'a' must be at least 1, not 0", ""),
            (5, 37, "'delay' of 'retry' of step 'a' must be a number of seconds, not the string '5m'", "write 300"),
            (5, 49, "'jitter' of 'retry' of step 'a' must be a fraction from 0 to 1, not the number 2", ""),
            (5, 57, "'on' of 'retry' of step 'a' takes names of exceptions or exit:CODE, not 'a b'", ""),
        ],
    ),
    "retry is a number": (
        body(f"{STEP}retry: 3\n"),
        [(5, 12, "'retry' of step 'a' must be a mapping, not the number 3", "write retry: {max_attempts: 3}")],
    ),
    "on_error": (
        body(f"{STEP}on_error: skip\n"),
        [(5, 15, "'on_error' of step 'a' cannot be the string 'skip'", "possible: fail or continue")],
    ),
    "max_failures": (
        body(f"{EACH}on_error: {{max_failures: 120%}}\n"),
        [
            (
                6,
                30,
                "'max_failures' of 'on_error' of step 'a' must be a whole number or a share such as \"5%\", "
                "not the string '120%'",
                "",
            )
        ],
    ),
    "memory": (
        body(f"{STEP}memory: 1M\n"),
        [(5, 13, "'memory' of step 'a' must be at least 16M: a worker itself needs that much", "")],
    ),
    "flag": (
        body(f"{STEP}rerun: no\n"),
        [(5, 12, "'rerun' of step 'a' must be true or false, not the string 'no'", "write false")],
    ),
    "executor": (
        body(f"{EACH}parallel: {{executor: threads}}\n"),
        [(6, 26, "'executor' of 'parallel' of step 'a' cannot be the string 'threads'", "did you mean 'thread'?")],
    ),
    "parallel by far too many": (
        body(f"{EACH}parallel: {{max_parallel: 1000000}}\n"),
        [(6, 30, "'max_parallel' of 'parallel' of step 'a' must be at most 10000, not 1000000", "")],
    ),
    "parallel has no effect": (
        body(f"{STEP}parallel: 3\n"),
        [(5, 5, "'parallel' of step 'a' has no effect: it has no for_each", "")],
    ),
    "env per item in threads": (
        body(f'{EACH}parallel: {{executor: thread}}\nenv: {{X: "{{{{ item }}}}"}}\n'),
        [
            (
                7,
                11,
                "an env per item cannot be had with executor thread: items share one process",
                "use executor: process, or pass the value in inputs",
            )
        ],
    ),
    "env per item with an async handler": (
        body('type: python\nfor_each: [1]\nenv: {X: "{{ item }}"}\nparallel: 2\ninputs: {handler: fetch}\n'),
        [
            (
                5,
                11,
                "an env per item cannot be had with the async handler 'fetch'",
                "make it a plain def, or pass the value in inputs",
            )
        ],
    ),
    "constant key": (
        body(f"{EACH}key: x\n"),
        [
            (
                6,
                10,
                "'key' of step 'a' gives every item the same key",
                'write it as a template, such as "{{ item.id }}"',
            )
        ],
    ),
    "nothing to run": (
        body("type: python\ninputs: {x: 1}\n"),
        [(4, 5, "step 'a' says nothing to run", "give inputs one of: code, operation, handler")],
    ),
    "code and operation": (
        body("type: python\ninputs: {code: x, operation: multiply, factor: 1, item: 2}\n"),
        [(4, 23, "step 'a' has both 'code' and 'operation'", "keep one of the two")],
    ),
    "unknown operation": (
        body("type: python\ninputs: {operation: multiplied}\n"),
        [(4, 25, "'operation' cannot be the string 'multiplied'", "did you mean 'multiply'?")],
    ),
    "custom without handler": (
        body("type: python\ninputs: {operation: custom}\n"),
        [(4, 14, "'operation: custom' needs a handler", "add handler: NAME")],
    ),
    "multiply without factor": (
        body("type: python\ninputs: {operation: multiply, item: 1, factr: 2}\n"),
        [
            (4, 14, "'operation: multiply' needs the input 'factor'", "add factor: NUMBER"),
            (4, 44, "'operation: multiply' has no input 'factr'", "did you mean 'factor'?"),
        ],
    ),
    "a handler that is not called": (
        body("type: python\ninputs: {operation: multiply, handler: work, item: 1, factor: 2}\n"),
        [(4, 35, "'operation: multiply' takes no handler", "write operation: custom")],
    ),
    "missing handler": (
        body("type: python\ninputs: {handler: wrok}\n"),
        [(4, 23, "no handler 'wrok' in handlers.py", "did you mean 'work'?")],
    ),
    "an input that the handler lacks": (
        body("type: python\nfor_each: [1]\ninputs: {handler: work, width: 3}\n"),
        [
            (
                5,
                23,
                "the handler work(item) cannot be called by step 'a': got an unexpected keyword argument 'width'",
                f"the step passes the item, width; filled in when declared: {', '.join(FILLED)}",
            )
        ],
    ),
    "an input that the handler needs": (
        body("type: python\nfor_each: [1]\ninputs: {handler: resize}\n"),
        [
            (
                5,
                23,
                "the handler resize(item, width, *, quality=80, progress) cannot be called by step 'a': "
                "missing a required argument: 'width'",
                f"the step passes the item; filled in when declared: {', '.join(FILLED)}",
            )
        ],
    ),
    "no item for a handler that takes one": (
        body("type: python\ninputs: {handler: work}\n"),
        [
            (
                4,
                23,
                "the handler work(item) cannot be called by step 'a': missing a required argument: 'item'",
                f"the step passes no arguments; filled in when declared: {', '.join(FILLED)}",
            )
        ],
    ),
    "handler in a branch": (
        body("type: python\ninputs: {handler: maybe}\n"),
        [
            (
                4,
                23,
                "whether 'maybe' exists in handlers.py is known only when the step starts: it is defined in a branch",
                "",
            )
        ],
    ),
    "handler of a module": (
        body('type: python\ninputs: {handler: "os.path:basename"}\n'),
        [(4, 23, "whether 'os.path:basename' exists is known only when step 'a' starts", "")],
    ),
    "dotted handler": (
        body("type: python\ninputs: {handler: os.getcwd}\n"),
        [(4, 23, "'os.getcwd' is not the name of a handler", "write os:getcwd")],
    ),
    "bad code": (
        body("type: python\ninputs:\n  code: |\n    x = 1\n    y = (\n"),
        [(7, 13, "'code' is not valid Python: '(' was never closed", "")],
    ),
    "return outside": (
        body("type: python\ninputs:\n  code: |\n    if x:\n      return 1\n"),
        [(7, 11, "'code' is not valid Python: 'return' outside function", "")],
    ),
    "on_progress": (
        body(f'{EACH}on_progress: "x = 1"\n'),
        [
            (
                6,
                5,
                "'on_progress' defines no function update_progress",
                "write def update_progress(items_processed, total_items): …",
            )
        ],
    ),
    "no command": (
        body("type: shell\n"),
        [(2, 3, "step 'a' has no command", 'add inputs: {command: "…"}')],
    ),
    "single quotes": (
        body("type: shell\nfor_each: [1]\ninputs:\n  command: |\n    true\n    echo '{{ item }}'\n"),
        [
            (
                8,
                15,
                "a template cannot stand inside single quotes: the shell would leave it as it is",
                "use double quotes there, or close the quote around it: '…'{{ … }}'…'",
            )
        ],
    ),
    "shell inputs": (
        body('type: shell\ninputs: {command: "true", stdni: x, ok_codes: [0, 300]}\n'),
        [
            (4, 31, "a shell step has no input 'stdni'", "did you mean 'stdin'?"),
            (4, 55, "an exit code is at most 255, not 300", ""),
        ],
    ),
    "template inputs": (
        body("type: template\ninputs: {template: x, file: y, output: ../z}\n"),
        [
            (4, 27, "step 'a' has both 'template' and 'file'", "give one of the two"),
            (4, 33, "there is no template file 'y' yet", ""),
            (4, 44, "'output' must stay below the flow's folder, not '../z'", ""),
        ],
    ),
    "unclosed template": (
        body('type: python\ninputs: {handler: work, item: "a {{ params"}\n'),
        [(4, 38, "a template without its end: '{{' is not closed", "add '}}'")],
    ),
    "bad template": (
        body('type: python\ninputs: {handler: work, item: "a {{ 1 + }}"}\n'),
        [(4, 38, "bad template: something is missing at its end", "")],
    ),
    "unknown filter": (
        body(f'if: "params|lengt"\n{STEP}'),
        [(3, 10, "bad template: there is no filter 'lengt'", "did you mean 'length'?")],
    ),
    "unknown name": (
        body('type: python\nfor_each: [1]\ninputs: {handler: work, item: "{{ itme }}"}\n'),
        [(5, 39, "unknown name 'itme' in a template", "did you mean 'item'?")],
    ),
    "item of a plain step": (
        body('type: python\ninputs: {handler: work, item: "{{ item }}"}\n'),
        [(4, 39, "'item' is not known here: only a step with for_each has items", "")],
    ),
    "format as source": (
        body("type: python\nfor_each: {csv: data/orders.csv}\ninputs: {handler: work}\n"),
        [(4, 16, "'for_each' of step 'a': 'csv' is a format, not a source", "write {file: data/orders.csv}")],
    ),
    "item in for_each": (
        body('type: python\nfor_each: "{{ item }}"\ninputs: {handler: work}\n'),
        [(4, 19, "'item' is not known here: this text is for the whole step", "")],
    ),
    "unknown parameter": (
        'params: {size: 3}\nsteps:\n  a: {type: python, inputs: {handler: work, item: "{{ params.sise }}"}}\n',
        [(3, 62, "there is no parameter 'sise'", "did you mean 'size'?")],
    ),
    "unknown step": (
        body('type: python\nif: "{{ steps.b.result }}"\ninputs: {handler: work, item: 1}\n'),
        [(4, 13, "there is no step 'b'", "")],
    ),
    "field of a step": (
        'steps:\n  a: {type: shell, inputs: {command: "true"}}\n'
        '  b: {type: python, if: "{{ steps.a.results }}", inputs: {handler: work, item: 1}}\n'
        "  c: {type: python, for_each: \"{{ steps['a']['failed_items'] }}\", inputs: {handler: work}}\n",
        [
            (3, 29, "step 'a' has no 'results'", "did you mean 'result'?"),
            (
                4,
                35,
                "step 'a' has no 'failed_items'",
                "it has name, status, result, error, started, duration",
            ),
        ],
    ),
    "own result": (
        body("type: python\ninputs: {code: \"result = steps['a']\"}\n"),
        [(4, 30, "step 'a' reads its own result", "")],
    ),
    "later step": (
        "steps:\n  a: {type: python, for_each: '{{ steps.b.result }}', inputs: {handler: work}}\n"
        "  b: {type: python, inputs: {code: result = 1}}\n",
        [(2, 35, "step 'b' runs later than 'a'", "move 'b' up")],
    ),
    "cleanup step": (
        'steps:\n  a: {type: python, inputs: {code: "result = steps.b"}}\n'
        "finally:\n  b: {type: python, inputs: {code: result = 1}}\n",
        [(2, 46, "step 'b' runs later: it is a cleanup step", "")],
    ),
    "name with a dash": (
        'steps:\n  my-a: {type: shell, inputs: {command: "true"}}\n'
        "  b: {type: python, if: steps.my.result, inputs: {handler: work, item: 1}}\n",
        [(3, 25, "there is no step 'my'", "for a name with '-' write steps['my-a']")],
    ),
    "needs": (
        body(f"needs: [a, b]\n{STEP}"),
        [
            (3, 13, "step 'a' needs itself", ""),
            (3, 16, "'needs' of step 'a': there is no step 'b'", ""),
        ],
    ),
    "circle": (
        "steps:\n  a: {type: shell, needs: [c], inputs: {command: 'true'}}\n"
        "  b: {type: shell, inputs: {command: 'true'}}\n  c: {type: shell, inputs: {command: 'true'}}\n",
        [
            (
                2,
                28,
                "steps wait for each other: a → c → b → a",
                "'b' follows 'a' because it stands behind it; give it needs: [] if it need not wait",
            )
        ],
    ),
    "handler files": (
        "handlers: [gone.py, no_such_module_here]\nsteps: {}\n",
        [
            (1, 12, "handler file 'gone.py' cannot be read: No such file or directory", ""),
            (
                1,
                21,
                "no module 'no_such_module_here' beside the flow or among the installed ones",
                "if it is a file, write no_such_module_here.py",
            ),
        ],
    ),
    "params": (
        "params:\n  a: {type: integr}\n  b: {type: integer, default: x}\n  c: {one: 1}\n  d: {secret: true, default: x}\n"
        "  e: {type: integer, default: 5, max: 4}\n  f: {type: string, pattern: '['}\nsteps: {}\n",
        [
            (2, 13, "'type' of parameter 'a' cannot be the string 'integr'", "did you mean 'integer'?"),
            (3, 31, "the default of parameter 'b' must be a whole number, not 'x'", ""),
            (
                4,
                6,
                "parameter 'c' is a mapping with none of the keys that describe a parameter",
                "as a default, a mapping is written c: {default: {…}}",
            ),
            (5, 21, "parameter 'd' is secret and has a default: it would be stored", "remove the default"),
            (6, 31, "the default of parameter 'e' must be at most 4, not 5", ""),
            (
                7,
                30,
                "'pattern' of parameter 'f' is not a regular expression: unterminated character set at position 0",
                "",
            ),
        ],
    ),
    "defaults": (
        "defaults: {retry: {delay: -1}, parallel: 0}\nsteps: {}\n",
        [
            (1, 27, "'delay' of 'retry' of 'defaults' must be at least 0, not -1", ""),
            (1, 42, "'parallel' of 'defaults' must be at least 1, not 0", ""),
        ],
    ),
    "notify": (
        "notify: {bell: true}\nsteps: {}\n",
        [(1, 9, "'notify' does not say when", "add on: [item_failed, failed, finished]")],
    ),
    "env": (
        "env: {a-b: x, C: [1]}\nsteps: {}\n",
        [
            (1, 7, "'a-b' is not the name of an environment variable", ""),
            (1, 18, "'C' in 'env' must be a text, not a list", ""),
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_problem_has_its_place_and_words(name: str, check: Examine) -> None:
    text, expected = CASES[name]
    _, problems = check(text, handlers_py=HANDLERS)
    assert [(p.line, p.column, p.message, p.hint) for p in problems] == expected
    for problem in problems:
        assert problem.file == "flow.yaml"
        assert problem.excerpt == (text.split("\n")[problem.line - 1])


def test_all_problems_come_in_one_pass_and_in_order(check: Examine) -> None:
    _, problems = check("nam: x\nsteps:\n  a: {type: shel}\n  b: {type: python, inputs: {handler: gone}}\nparms: {}\n")
    assert [problem.line for problem in problems] == [1, 3, 4, 5]
    assert count(problems) == "4 errors"


def test_a_problem_in_a_handler_file_points_into_it(check: Examine) -> None:
    _, problems = check(body("type: python\ninputs: {handler: work}\n"), handlers_py="def work(:\n    pass\n")
    assert [(p.file, p.line, p.column, p.message) for p in problems] == [
        ("handlers.py", 1, 10, "not valid Python: invalid syntax")
    ]


def test_a_problem_is_shown_with_its_line_and_a_caret() -> None:
    problem = Problem("error", "flow.yaml", 3, 7, "unknown key 'x'", "did you mean 'y'?", "  a: {x: 1}")
    assert render(problem) == [
        "flow.yaml:3:7: error: unknown key 'x'",
        "    3 |   a: {x: 1}",
        "      |       ^",
        "      = did you mean 'y'?",
    ]


def test_data_in_a_problem_cannot_reach_the_terminal() -> None:
    problem = Problem("error", "a\x1b[2J.yaml", 1, 3, "key '\x1b]0;x\x07'", "\u202e", "\t\x1bx: [red]")
    assert render(problem) == [
        "a\\x1b[2J.yaml:1:3: error: key '\\x1b]0;x\\x07'",
        "    1 | \\t\\x1bx: [red]",
        "      |       ^",
        "      = \\u202e",
    ]


def test_a_long_line_is_cut_around_the_caret() -> None:
    excerpt = "x" * 500 + "!" + "y" * 500
    lines = render(Problem("error", "f", 1, 501, "m", "", excerpt))
    assert len(lines[1]) <= 110
    assert lines[1][lines[2].index("^")] == "!"


def test_the_error_carries_every_problem(check: Examine) -> None:
    check("steps: 5\nnam: x\n")
    with pytest.raises(InvalidFlow) as caught:
        load("flow.yaml")
    assert caught.value.exit_code == 65
    assert len(caught.value.problems) == 2
    assert (
        caught.value.lines[0] == "flow.yaml:1:8: error: 'steps' must be a mapping of names to steps, not the number 5"
    )
    assert str(caught.value).endswith("(and 1 more)")


def test_a_file_that_is_not_there_is_a_matter_of_usage(folder: object) -> None:
    with pytest.raises(UsageError, match=r"there is no flow file 'gone\.yaml'"):
        load("gone.yaml")
    with pytest.raises(UsageError, match="is a folder"):
        load(".")
    plan, problems = examine("gone.yaml")
    assert plan is None
    assert problems[0].message == "the file cannot be read: No such file or directory"


def test_invalid_sorts_and_drops_repeats() -> None:
    one = Problem("error", "f", 2, 1, "b")
    assert invalid([one, Problem("error", "f", 1, 1, "a"), one]).problems == (Problem("error", "f", 1, 1, "a"), one)
