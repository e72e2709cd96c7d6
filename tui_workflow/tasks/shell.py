"""Steps of type `shell`: a command, its values beside it as variables, and what it printed.

No value becomes text of the command: see `flow.shelltext`. The command belongs to the worker's process group, so what
ends the worker ends it too.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from typing import Any

from tui_workflow import values
from tui_workflow.errors import InvalidFlow, WfError
from tui_workflow.tasks.api import TaskContext
from tui_workflow.tasks.command import run_command
from tui_workflow.tasks.inputs import compile_input
from tui_workflow.tasks.registry import Prepared, StepText

LARGE = 64 * 1024
"""Bytes of a value that an environment variable holds; a larger one goes through a file, since execve has a limit."""
ALL = 512 * 1024
"""The same for all values of one command together."""
_LAST = 2000
"""Characters of stderr that the message of a failed command holds."""
_INPUTS = ("command", "stdin", "ok_codes", "item", "on_progress")


class CommandFailed(WfError):
    """A command that ended with a code that is none of `ok_codes`.

    Its message begins with the code, since its type says the rest, and a row has room for little more than the beginning.
    """

    def __init__(self, code: int, stderr: str) -> None:
        how = str(code) if code >= 0 else f"signal {-code}"
        last = stderr.strip()[-_LAST:]
        super().__init__(f"{how}: {last}" if last else how)
        self.wf_kind = "ExitCode"
        self.wf_mro = ("ExitCode", f"exit:{code}", "Exception")


def prepare(step: StepText) -> Prepared:
    """The step, ready to run. Raises `InvalidFlow` for a command that cannot be run."""
    command = step.inputs.get("command")
    codes = step.inputs.get("ok_codes", [0])
    codes = codes if isinstance(codes, list | tuple) else [codes]
    stdin = compile_input(step.inputs.get("stdin"))
    constant_stdin = step.inputs.get("stdin")
    if isinstance(command, str) and command.strip():
        make = _script(step.name, command)
    elif isinstance(command, list | tuple) and command:
        make = _argv(command)
    else:
        raise InvalidFlow(f"step {step.name!r} has no `command`", hint="Give it text, or a list of arguments.")
    good = frozenset(int(code) for code in codes)
    has_item = step.for_each

    def call(names: Mapping[str, Any], task: TaskContext) -> Any:
        folder: list[str] = []
        try:
            env = dict(task.env)
            argv = make(names, env, folder)
            if has_item:
                _give_item(names["item"], env, folder)
            given = stdin(names) if stdin is not None else constant_stdin
            result = run_command(argv, env, task.workdir, None if given is None else text_of(given).encode(), task.log)
        finally:
            for path in folder:
                shutil.rmtree(path, ignore_errors=True)
        if result["returncode"] not in good:
            raise CommandFailed(result["returncode"], result["stderr"])
        return result

    return Prepared(call)


Make = Callable[[Mapping[str, Any], dict[str, str], list[str]], list[str]]
"""(names, environment to add to, folders to remove afterwards) → the arguments."""


def _script(step: str, command: str) -> Make:
    from tui_workflow.flow.shelltext import analyse
    from tui_workflow.flow.template import compile_value

    script, expressions, problems = analyse(command)
    if problems:
        _, message, hint = problems[0]
        raise InvalidFlow(f"the command of step {step!r}: {message}", hint=hint or None)
    renders = [compile_value("{{" + text + "}}").render for text in expressions]

    def make(names: Mapping[str, Any], env: dict[str, str], folder: list[str]) -> list[str]:
        prologue: list[str] = []
        total = 0
        for number, render in enumerate(renders, 1):
            text = text_of(render(names))
            size = _check(text, f"the value of template {number} of the command")
            total += size
            if size > LARGE or total > ALL:
                path = _write(text, f"{number}", folder)
                # `$(…)` drops line ends at the end; the x keeps them.
                prologue.append(f"_wf{number}=$(cat {path}; printf x); _wf{number}=${{_wf{number}%x}}")
            else:
                env[f"_wf{number}"] = text
        return ["/bin/sh", "-e", "-c", "\n".join((*prologue, script)), "sh"]

    return make


def _argv(command: Any) -> Make:
    parts = [(compile_input(part), part) for part in command]

    def make(names: Mapping[str, Any], env: dict[str, str], folder: list[str]) -> list[str]:
        argv = [text_of(render(names) if render is not None else part) for render, part in parts]
        for number, text in enumerate(argv):
            _check(text, f"argument {number} of the command")
        if not argv[0]:
            raise WfError("the command's name is empty")
        return argv

    return make


def _give_item(item: Any, env: dict[str, str], folder: list[str]) -> None:
    """Put the item into `$WF_ITEM`, or, when it is large, into the file `$WF_ITEM_FILE`."""
    text = text_of(item)
    if "\0" in text:
        # No variable can hold it; the command's own templates say so themselves if they use it.
        return
    if len(text) > LARGE // 4 and len(text.encode("utf-8", "surrogateescape")) > LARGE:
        env["WF_ITEM_FILE"] = _write(text, "item", folder)
    else:
        env["WF_ITEM"] = text


def text_of(value: Any) -> str:
    """A value as text for a command: text as it is, lists and mappings as JSON, the rest as templates show it."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple | dict) or hasattr(type(value), "__wf_list__"):
        return values.plain_json(values.encode(value))
    return str(value)


def _check(text: str, what: str) -> int:
    """The text's size in bytes. Raises ValueError for a NUL, which neither arguments nor variables can hold."""
    if "\0" in text:
        raise ValueError(f"{what} holds a NUL character, which no command can be given")
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))


def _write(text: str, name: str, folder: list[str]) -> str:
    """A file, readable by nobody else, that holds the text; its folder is removed when the command has ended."""
    if not folder:
        folder.append(tempfile.mkdtemp(prefix="wf-tui-"))
    path = os.path.join(folder[0], name)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(fd, "wb") as file:
        file.write(text.encode("utf-8", "surrogateescape"))
    return path
