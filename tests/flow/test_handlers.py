"""Names of a handler file, found by reading it."""

from __future__ import annotations

import pytest

from tui_workflow.flow.handlers import find_handler, find_task, known, names_of
from tui_workflow.flow.plan import HandlerFile

SOURCE = b"""
import os.path
import json as j
from functools import partial, wraps as w
from tui_workflow import task as plug

def plain(item): ...
async def waiting(item): ...
class Tool: ...
made = partial(plain)
first, (second, *rest) = 1, (2, 3)
typed: int = 3
(walrus := 4)
gone = 1
del gone
replaced = 1
def replaced(): ...
def lost(): ...
lost = 3

if made:
    def branch(): ...
try:
    from fast import quick
except ImportError:
    quick = None
for looped in []: ...
with open("x") as handle:
    def inside(): ...

@plug("mail")
def send(inputs, task): ...

@plug(name)
def other(inputs, task): ...

def outer():
    def nested(): ...
"""


def test_names() -> None:
    names = names_of(SOURCE)
    assert names.certain >= {"os", "j", "partial", "w", "plain", "waiting", "Tool", "made", "first", "second", "rest"}
    assert names.certain >= {"typed", "walrus", "replaced", "lost", "inside", "send", "outer"}
    assert not names.certain & {"gone", "branch", "quick", "nested", "looped"}
    assert names.possible >= {"branch", "quick", "looped"}
    assert set(names.functions) == {"plain", "waiting", "replaced", "inside", "send", "other", "outer"}
    assert set(names.tasks) == {"mail"}
    assert names.opaque == ""


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (b"from x import *", "'from x import *' may bring it"),
        (b"globals()['a'] = 1", "the file makes names while it runs"),
        (b"exec('a = 1')", "the file makes names while it runs"),
        (b"def __getattr__(name): ...", "the file makes names while it runs"),
    ],
)
def test_what_cannot_be_decided_has_a_reason(source: bytes, reason: str) -> None:
    assert names_of(source).opaque == reason
    found = find_handler("any", [HandlerFile("f.py", source)])
    assert found is not None
    assert found.doubt == reason


@pytest.mark.parametrize(
    "later",
    [
        b"from fast import f",
        b"from fast import *",
        b"try:\n    from fast import f\nexcept ImportError: ...",
        b"if fast:\n    def f(a, b): ...",
        b"class f: ...",
        b"f = wrap(f)",
    ],
)
def test_a_function_whose_name_is_given_again_is_not_what_is_called(later: bytes) -> None:
    names = names_of(b"def f(a): ...\n" + later)
    assert "f" in names.certain
    assert "f" not in names.functions


@pytest.mark.parametrize("source", [b"def f(:", b"\0", b"(" * 5000, b"\xff", b"# coding: nonsense\n"])
def test_a_file_that_is_not_python_has_no_names(source: bytes) -> None:
    names = names_of(source)
    assert names.error is not None
    assert not names.certain


def test_the_first_file_wins_and_doubt_comes_first() -> None:
    one, two = HandlerFile("one.py", b"def a(): ..."), HandlerFile("two.py", b"def a(): ...\ndef b(): ...")
    doubt = HandlerFile("doubt.py", b"from x import *")
    assert [found.file.path for name in "ab" if (found := find_handler(name, [one, two]))] == ["one.py", "two.py"]
    found = find_handler("b", [doubt, two])
    assert found is not None
    assert found.file == doubt
    assert find_handler("c", [one, two]) is None
    assert known([one, two]) == ["a", "a", "b"]


def test_tasks() -> None:
    file = HandlerFile("f.py", b'import tui_workflow\n@tui_workflow.task("x")\ndef run(inputs, task): ...\n')
    found = find_task("x", [file])
    assert found is not None
    assert found.function is not None
    assert found.function.name == "run"
    assert find_task("y", [file]) is None
