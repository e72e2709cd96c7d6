"""What a flow is, once its text has been read: frozen values, templates still as text.

The parser (`flow.parse`) is the only maker of these; every other part reads them. Keys, defaults and
meanings are those of the reference page `wf-tui help flow`.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Section = Literal["steps", "on_failure", "finally"]
Executor = Literal["process", "thread", "async", "dask"]
ParamType = Literal["string", "integer", "number", "boolean", "list", "object", "path"]


class Model(BaseModel):
    """Frozen, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Param(Model):
    """One parameter of a flow. Without `default` it is required, unless `required` is false: then it is null."""

    type: ParamType | None = None
    description: str = ""
    default: Any = None
    required: bool = False
    enum: tuple[Any, ...] | None = None
    min: float | None = None
    max: float | None = None
    pattern: str | None = None
    secret: bool = False


class Retry(Model):
    """When a failed item is tried again; delays in seconds, `max_attempts` includes the first attempt."""

    max_attempts: int = 1
    delay: float = 0.0
    backoff: float = 1.0
    max_delay: float = 300.0
    jitter: float = 0.0
    on: tuple[str, ...] = ("Exception",)


class OnError(Model):
    """What a failed item means for its step. `max_failures` is a count, or a share such as `"5%"`."""

    action: Literal["fail", "continue"] = "fail"
    save_error: bool = False
    max_failures: int | str | None = None


MAX_SLOTS = 10_000
"""The most items of a step that may run at once; the engine looks through the slots whenever one is free."""


class Parallel(Model):
    """`max_parallel` is a number up to `MAX_SLOTS`, a template that gives one, or null for the number of cores."""

    max_parallel: int | str | None = None
    executor: Executor | None = None


class ItemSource(Model):
    """Where the items of a `for_each` come from.

    `kind` says how to read `value`: `items` a template or a literal list; `file`, `parquet` and `glob` a path or
    pattern (may be templates), relative to the flow's folder; `range` an integer or a template; `sql` a query, never a
    template, over the file `database`, with `args` as the values of its `:name` parameters.
    """

    kind: Literal["items", "file", "glob", "range", "parquet", "sql"]
    value: Any
    format: str | None = None
    columns: tuple[str, ...] | str | None = None
    database: str | None = None
    args: dict[str, Any] | None = None
    where: str | None = None
    limit: int | str | None = None
    chunk: int | str | None = None


class Step(Model):
    """One step as the file states it, with `defaults` merged in."""

    name: str
    type: str
    inputs: dict[str, Any] = Field(default_factory=dict)
    for_each: ItemSource | None = None
    batch_size: int | Literal["auto"] = "auto"
    key: str | None = None
    parallel: Parallel | None = None
    retry: Retry = Retry()
    timeout: float | None = None
    memory: int | None = None
    """Bytes one worker may use."""
    on_error: OnError = OnError()
    on_progress: str | None = None
    condition: str | None = None
    """The text of `if`: a template or a bare expression."""
    condition_per_item: bool = False
    """True when `if` names `item`, `index` or `key`."""
    needs: tuple[str, ...] | None = None
    """As written; null when the step follows the previous one. `flow.graph` works out the edges."""
    rerun: bool = True
    checkpoint: Literal["group", "each"] = "group"
    env: dict[str, str] = Field(default_factory=dict)
    workdir: str | None = None
    description: str = ""
    line: int = 1


class Notify(Model):
    """Alerts; `command` runs with the alert in its environment."""

    on: tuple[Literal["item_failed", "failed", "finished"], ...] = ()
    bell: bool = False
    command: str | None = None


class Flow(Model):
    """A whole flow. `steps`, `on_failure` and `final` keep the order of the file."""

    name: str
    description: str = ""
    version: str = ""
    params: dict[str, Param] = Field(default_factory=dict)
    env: dict[str, str] = Field(default_factory=dict)
    handlers: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    on_failure: tuple[Step, ...] = ()
    final: tuple[Step, ...] = ()
    """The cleanup steps of `finally`."""
    notify: Notify | None = None
