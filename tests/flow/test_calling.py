"""Whether a handler takes what a step passes is known from its text as surely as from the function itself."""

from __future__ import annotations

import ast
import inspect
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_workflow.flow.calling import filled, signature_of

NAMES = ("item", "width", "quality", "progress", "params")


@st.composite
def definitions(draw: st.DrawFn) -> str:
    """The text of a function with any parameters."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    first = draw(st.integers(0, len(names)))
    second = draw(st.integers(first, len(names)))
    default_from = draw(st.integers(0, second))
    parts = [f"{name}=0" if place >= default_from else name for place, name in enumerate(names[:second])]
    if first and draw(st.booleans()):
        parts.insert(first, "/")
    keyword_only = [name + draw(st.sampled_from(["", "=0"])) for name in names[second:]]
    if draw(st.booleans()):
        parts.append("*rest")
    elif keyword_only:
        parts.append("*")
    parts += keyword_only
    if draw(st.booleans()):
        parts.append("**more")
    return f"def handler({', '.join(parts)}): ..."


def verdict(signature: inspect.Signature, inputs: list[str], item: bool) -> object:
    try:
        return filled(signature, inputs, item=item)
    except TypeError as error:
        return str(error)


@given(definitions(), st.lists(st.sampled_from(NAMES[1:]), unique=True), st.booleans())
def test_the_text_says_what_the_function_would(text: str, inputs: list[str], item: bool) -> None:
    space: dict[str, Any] = {}
    exec(text, space)
    (tree,) = ast.parse(text).body
    assert isinstance(tree, ast.FunctionDef)
    read = signature_of(tree)
    assert read is not None
    assert verdict(read, inputs, item) == verdict(inspect.signature(space["handler"]), inputs, item)


@pytest.mark.parametrize("decorator", ["@cache", "@retrying(3)"])
def test_a_decorator_may_change_what_is_taken(decorator: str) -> None:
    (tree,) = ast.parse(f"{decorator}\ndef handler(a, b): ...").body
    assert isinstance(tree, ast.FunctionDef)
    assert signature_of(tree) is None
