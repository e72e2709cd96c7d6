"""A flow file and its handler files as a `Plan`. Reads files; executes and imports nothing of the flow."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from tui_workflow.errors import UsageError
from tui_workflow.flow import absent, extras, graph
from tui_workflow.flow.binding import bind, handler_files
from tui_workflow.flow.compose import MAX_BYTES
from tui_workflow.flow.digest import definition
from tui_workflow.flow.parse import Parsed, errors, parse
from tui_workflow.flow.plan import HandlerFile, Plan, PlannedStep
from tui_workflow.flow.problems import Problem, invalid, ordered


def load(path: str | os.PathLike[str]) -> Plan:
    """The plan of a flow file.

    Raises `InvalidFlow` with every problem of the file, and `UsageError` when there is no such file.
    """
    name = os.fspath(path)
    if not os.path.exists(name):
        raise UsageError(f"there is no flow file '{name}'", hint="'wf-tui new FILE' writes a flow to start from")
    if os.path.isdir(name):
        raise UsageError(f"'{name}' is a folder, not a flow file")
    plan, problems = examine(name)
    if plan is None:
        raise invalid(problems)
    return plan


def examine(
    path: str | os.PathLike[str], text: bytes | None = None, handlers: Mapping[str, bytes] | None = None
) -> tuple[Plan | None, list[Problem]]:
    """The plan of a flow, None when it has errors, and all problems in order; warnings come with a plan.

    `text` and `handlers` (sources by path, in lookup order) stand in for the files, as a stored revision has them.
    """
    name = os.fspath(path)
    if text is None:
        read = _bytes(name)
        if isinstance(read, Problem):
            return None, [read]
        text = read
    parsed = parse(text, name, Path(name).stem)
    reader = parsed.read
    if parsed.flow is None:
        return None, ordered(reader.problems)
    if handlers is None:
        extras.check(reader, parsed.steps)
    files = handler_files(parsed, name, handlers)
    steps = planned(parsed, files, os.path.dirname(name))
    absent.warn(reader, parsed.steps)
    problems = ordered(reader.problems)
    if steps is None:
        return None, problems
    return Plan(os.path.realpath(name), parsed.text, parsed.flow, files, steps), problems


def planned(parsed: Parsed, files: tuple[HandlerFile, ...], folder: str) -> tuple[PlannedStep, ...] | None:
    """The steps that were read, with their edges and digests; None when there are errors, all of which the reader then has."""
    flow = parsed.flow
    assert flow is not None
    edges = graph.build(parsed.read, parsed.steps, bind(parsed, files, folder))
    if errors(parsed.read.problems):
        return None
    return tuple(
        PlannedStep(
            step.step,
            step.section,
            edges[step.step.name].needs,
            edges[step.step.name].reads,
            definition(step.step, flow, files),
            edges[step.step.name].item_reads,
        )
        for step in parsed.steps
    )


def _bytes(name: str) -> bytes | Problem:
    """The content of a flow file, or why it cannot be had. Only regular files are read, and no more than is allowed."""
    try:
        if not stat.S_ISREG(os.stat(name).st_mode):
            return Problem("error", name, 1, 1, "this is not a regular file")
        with open(name, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            return bytes(size) if size > MAX_BYTES else file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return Problem("error", name, 1, 1, f"the file cannot be read: {reason}")
