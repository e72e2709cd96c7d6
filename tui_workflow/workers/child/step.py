"""One step in this worker: its program made ready, and what every item of it shares."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from tui_workflow import values
from tui_workflow.errors import WfError
from tui_workflow.facts.outcome import ErrorInfo
from tui_workflow.facts.work import StepProgram
from tui_workflow.store.stepdata import StepData
from tui_workflow.tasks.api import TaskContext
from tui_workflow.tasks.inputs import Render, compile_input
from tui_workflow.workers.child.secrets import Secrets
from tui_workflow.workers.child.shared_values import PARALLEL, Context, ContextBase, Params
from tui_workflow.workers.child.steps_view import Steps
from tui_workflow.workers.child.usercode import UserCode

_PER_ITEM = frozenset(("item", "index", "key", "attempt"))


class SecretLeak(WfError):
    """A value that would be stored holds a secret parameter."""


class Step:
    """What is the same for all items of a step. Making it runs none of the user's code but templates of its `env`."""

    def __init__(self, program: StepProgram, base_env: Mapping[str, str]) -> None:
        self.program = program
        self.user = UserCode(program.flow_dir)
        params = {name: values.decode(stored) for name, stored in program.params.items()}
        self.secrets = Secrets(program.secrets)
        self.mask = self.secrets.masker
        self._plain = {name: value for name, value in params.items() if not isinstance(value, list | dict | set)}
        self.makers: dict[str, Callable[[], Any]] = {
            name: _maker(program.params[name]) for name in params if name not in self._plain
        }
        self.spare: Context | None = None
        self.tell: Callable[[bytes], None] | None = None
        """Where log lines go besides, in case their item does not end: with one item at a time."""
        self._data = StepData(program.run_file)
        self.context = ContextBase(program.context)
        self.forbidden = PARALLEL if program.parallel else None
        self.env: dict[str, str] = dict(base_env)
        self.names: dict[str, Any] = {
            "params": params,
            "args": params,
            "steps": self._steps(),
            "env": self.env,
            "context": Context(self.context.stored, self.forbidden),
            "run": program.run,
            "flow": {"name": program.flow, "path": program.flow_path, "dir": program.flow_dir},
        }
        self.item_env: list[tuple[str, Render]] = []
        """Variables whose templates name the item."""
        self._render_env()
        self.own_env = bool(self.item_env) or program.type != "python"
        """True when each item needs an environment put together: what it starts is given it, not the process's."""
        workdir = compile_input(program.workdir)
        self.workdir = os.path.join(
            program.flow_dir, str(workdir(self.names)) if workdir else (program.workdir or "")
        ).rstrip("/")
        condition = program.condition if program.condition_per_item else None
        self.condition = _condition(condition) if condition else None
        self.no_task = self._task_for_nobody()

    def _steps(self) -> Mapping[str, Any]:
        return Steps(self.program.steps, self._data)

    def make_params(self) -> Mapping[str, Any]:
        """Parameters for one item's own use."""
        return Params(self._plain, self.makers) if self.makers else dict(self._plain)

    def make_steps(self) -> Mapping[str, Any]:
        """Steps for one item's own use: what it changes in a result, no other item sees."""
        return self._steps()

    def _render_env(self) -> None:
        """Variables of flow and step, in this order; those that name the item wait for it."""
        self.env["WF_RUN_ID"] = self.program.run
        self.env["WF_STEP"] = self.program.step
        for variables in (self.program.flow_env, self.program.env):
            for name, text in variables.items():
                render = compile_input(text)
                if render is None:
                    self.env[name] = str(text)
                elif _names_item(text):
                    self.item_env.append((name, render))
                else:
                    self.env[name] = env_text(name, render(self.names))

    def _task_for_nobody(self) -> TaskContext:
        """A task context for calls that do not look at theirs."""
        return TaskContext(
            self.names,
            step=self.program.step,
            flow_dir=self.program.flow_dir,
            workdir=self.workdir,
            env=self.env,
            log=print,
            make_params=self.make_params,
            make_steps=self.make_steps,
        )

    def new_context(self) -> Context:
        """`context` for one item: the one that the last item left untouched, if it gave it back in `spare`."""
        spare, self.spare = self.spare, None
        return Context(self.context.stored, self.forbidden) if spare is None else spare

    def check_secret(self, stored: bytes, what: str) -> None:
        """Raises `SecretLeak` when a stored value holds a secret."""
        if self.secrets and self.secrets.held_by(stored):
            raise SecretLeak(f"{what} holds the value of a secret parameter, which is never stored")

    def describe(self, error: BaseException, item: object = None) -> ErrorInfo:
        """What went wrong, with `item` or with the step."""
        from tui_workflow.workers.child.failure import describe

        kind: str | None = getattr(error, "wf_kind", None)
        words = ""
        if isinstance(error, MemoryError) and self.program.memory is not None:
            kind = "OutOfMemory"
            words = f"it needs more than the step's `memory` of {self.program.memory / 2**20:,.0f} MiB"
        return describe(error, self.user, self.mask, kind, words, item)


def _maker(stored: bytes) -> Callable[[], Any]:
    return lambda: values.decode(stored)


def _names_item(text: str) -> bool:
    from tui_workflow.flow.template import compile_value

    return bool(_PER_ITEM & set(compile_value(text).references.names))


def env_text(name: str, value: Any) -> str:
    """A value as the text of an environment variable. Raises ValueError for what cannot be one."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    if "\0" in text:
        raise ValueError(f"the environment variable {name} cannot hold a NUL character")
    return text


def _condition(text: str) -> Callable[[Mapping[str, Any]], bool]:
    from tui_workflow.flow.template import compile_expression

    render = compile_expression(text).render
    return lambda names: truth(render(names))


def truth(value: Any) -> bool:
    """Whether a condition holds: as in Python, but text that says no is no, since mixed text always gives text."""
    if isinstance(value, str):
        return value.strip().lower() not in ("", "false", "no", "0", "none")
    return bool(value)
