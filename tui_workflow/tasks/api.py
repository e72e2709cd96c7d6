"""What handlers may use: `progress`, `RetryLater`, the `task` decorator, and the `TaskContext` that plug-ins get."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, TypeVar

_Function = TypeVar("_Function", bound="TaskFunction")


class RetryLater(Exception):
    """Try this item again in `seconds`: replaces the step's retry delay and ignores its `on`, and uses an attempt."""

    def __init__(self, seconds: float, message: str = "") -> None:
        seconds = float(seconds)
        if not 0 <= seconds < float("inf"):
            raise ValueError(f"RetryLater takes a number of seconds that is not negative, not {seconds}")
        super().__init__(message or f"asked to be tried again in {seconds:g} s")
        self.seconds = seconds


class Reporter:
    """Where `progress` goes; a worker sets `report` before it runs an item."""

    __slots__ = ("report",)

    def __init__(self) -> None:
        self.report: Callable[[float, float], None] | None = None


reporter = Reporter()


def progress(done: float, total: float = 0) -> None:
    """Say how far the item is: `done` of `total`, in any unit. Outside a worker it does nothing, so handlers can be tested."""
    if reporter.report is not None:
        reporter.report(float(done), float(total))


class TaskContext:
    """What a task knows of the item it runs."""

    __slots__ = ("_make_params", "_make_steps", "env", "flow_dir", "log", "names", "progress", "step", "workdir")

    def __init__(
        self,
        names: Mapping[str, Any],
        *,
        step: str,
        flow_dir: str,
        workdir: str,
        env: Mapping[str, str],
        log: Callable[[str], None],
        make_params: Callable[[], Mapping[str, Any]],
        make_steps: Callable[[], Mapping[str, Any]],
        progress: Callable[[float, float], None] | Callable[..., None] = progress,
    ) -> None:
        self.names = names
        """The variables that templates see."""
        self.step = step
        self.flow_dir = flow_dir
        self.workdir = workdir
        """The folder that relative paths of the step start from."""
        self.env = env
        """The environment for what the task starts: the process's, the flow's, the step's, and the item's `WF_…`."""
        self.log = log
        """Adds a line to the item's log."""
        self.progress = progress
        self._make_params = make_params
        self._make_steps = make_steps

    @property
    def item(self) -> Any:
        """The item; None in a step without `for_each`."""
        return self.names.get("item")

    @property
    def index(self) -> int:
        return int(self.names.get("index", 0))

    @property
    def key(self) -> str:
        """Stable across retry, reload and resume: what to be idempotent with."""
        return str(self.names.get("key", ""))

    @property
    def attempt(self) -> int:
        return int(self.names["attempt"])

    @property
    def run(self) -> str:
        return str(self.names["run"])

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters, lists and mappings fresh at every call: what one item does to them is not seen by another."""
        return self._make_params()

    @property
    def steps(self) -> Mapping[str, Any]:
        return self._make_steps()

    @property
    def context(self) -> MutableMapping[str, Any]:
        context: MutableMapping[str, Any] = self.names["context"]
        return context


TaskFunction = Callable[[Mapping[str, Any], TaskContext], Any]

plugins: dict[str, TaskFunction] = {}
"""Task types that `@task` declared in this process, by name."""


def task(name: str) -> Callable[[_Function], _Function]:
    """Declare a task type: `@task("name") def run(inputs, task): …`; its return value is the result.

    `inputs` are the step's inputs, rendered; `task` is a `TaskContext`. A later declaration of a name wins.
    """
    if not isinstance(name, str) or not name:
        raise TypeError('@task needs a name: @task("resize")')

    def declare(function: _Function) -> _Function:
        plugins[name] = function
        return function

    return declare
