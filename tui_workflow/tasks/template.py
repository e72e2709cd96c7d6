"""Steps of type `template`: text with values in it, written to a file below the flow's folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from tui_workflow.errors import InvalidFlow, WfError
from tui_workflow.tasks.api import TaskContext
from tui_workflow.tasks.inputs import compile_input
from tui_workflow.tasks.registry import Prepared, StepText


class OutputPath(WfError):
    """A path that a template step must not write to."""


def prepare(step: StepText) -> Prepared:
    """The step, ready to run. Raises `InvalidFlow`, and OSError for a template file that cannot be read."""
    inputs = step.inputs
    text, file, output = inputs.get("template"), inputs.get("file"), inputs.get("output")
    if not isinstance(output, str) or not output:
        raise InvalidFlow(
            f"step {step.name!r} has no `output`", hint="Name the file to write, below the flow's folder."
        )
    if (text is None) == (file is None):
        raise InvalidFlow(f"step {step.name!r} needs either `template` or `file`")
    render_output = compile_input(output)
    render_file = compile_input(file)
    sources: dict[str, str] = {}
    if file is not None and render_file is None:
        path = os.path.join(step.flow_dir, file)
        text = _read(path)
        sources[path] = text
    constant = _compiled(text) if text is not None else None

    def call(names: Mapping[str, Any], task: TaskContext) -> Any:
        target = str(render_output(names)) if render_output is not None else output
        compiled = constant
        if compiled is None and render_file is not None:
            compiled = _compiled(_read(os.path.join(step.flow_dir, str(render_file(names)))))
        assert compiled is not None
        path = safe_path(step.flow_dir, target)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        safe_path(step.flow_dir, target)
        _write(path, _text(compiled(names)))
        return target

    return Prepared(call, sources=sources)


def _compiled(text: str) -> Any:
    from tui_workflow.flow.template import compile_value

    return compile_value(text).render


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def _read(path: str) -> str:
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def _write(path: str, text: str) -> None:
    """Replace the file in one step, so that nobody reads half of it; a link in its place is replaced, not followed."""
    import tempfile

    fd, partial = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".wf-tui-")
    try:
        with open(fd, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(partial, 0o666 & ~mask)
        os.replace(partial, path)
    except BaseException:
        os.unlink(partial)
        raise


def safe_path(folder: str, target: str) -> str:
    """The real path of `target`, which is below `folder`. Raises `OutputPath` for one that leads out of it."""
    if "\0" in target:
        raise OutputPath("the output path holds a NUL character")
    if os.path.isabs(target):
        raise OutputPath(f"the output path {target!r} is absolute", hint="Name a file below the flow's folder.")
    if ".." in target.split("/"):
        raise OutputPath(f"the output path {target!r} leads out of its folder", hint="Write it without `..`.")
    if target.endswith("/") or not target.strip("./"):
        raise OutputPath(f"the output path {target!r} names no file")
    root = os.path.realpath(folder)
    real = os.path.join(os.path.realpath(os.path.join(root, os.path.dirname(target))), os.path.basename(target))
    if not os.path.realpath(real).startswith(root + os.sep):
        raise OutputPath(f"the output path {target!r} leads out of the flow's folder through a symbolic link")
    return real
