"""A run as the JSON that `show --json` prints and the events of `--json` carry.

Keys and their meaning are fixed: programs read them. Types that JSON lacks are given up here, secrets are `***`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tui_workflow import values
from tui_workflow.errors import DamagedRunFile, ValueProblem
from tui_workflow.facts.outcome import ErrorInfo
from tui_workflow.facts.state import RunState, StepState
from tui_workflow.store import browse
from tui_workflow.store.meta import RunMeta
from tui_workflow.store.records import StoredItem
from tui_workflow.store.runfile import RunFile
from tui_workflow.text import MASK

SCHEMA = 1
LARGEST = 64 * 1024
"""Bytes of JSON that a parameter or a result may have here; of a larger one only the size is told."""


def iso(at: float | None) -> str | None:
    """A Unix time as ISO 8601 in UTC, to the millisecond."""
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def bounded(text: str) -> Any:
    """JSON text as a JSON value, or its size when it is too large to be shown whole."""
    size = len(text.encode("utf-8", "replace"))
    return {"truncated": True, "bytes": size} if size > LARGEST else _value(text)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as problem:
        raise DamagedRunFile(f"the run file is damaged: a value in it cannot be read ({problem})") from None


def plain_text(data: bytes) -> str:
    """A stored value as JSON text. Raises `DamagedRunFile` when the bytes are none."""
    try:
        return values.plain_json(data)
    except ValueProblem as problem:
        raise DamagedRunFile(f"the run file is damaged: {problem}") from None


def describe(
    state: RunState,
    file: RunFile | None = None,
    *,
    results: bool = True,
    running: Mapping[str, int] | None = None,
    meta: RunMeta | None = None,
) -> dict[str, Any]:
    """The object of a whole run. `running` are the numbers of items in flight by step, which only those who run them know.

    Without `file` there are no results, and no parameters unless `meta` is given.
    """
    meta = meta or (file.meta() if file is not None else None)
    flying = running or {}
    return {
        "schema": SCHEMA,
        "run": state.run or (meta.run if meta else ""),
        "flow": state.flow or (meta.flow if meta else ""),
        "path": state.path or (meta.path if meta else ""),
        "revision": state.revision,
        "status": state.status,
        "params": params(meta) if meta else {},
        "started": iso(state.started),
        "finished": iso(state.finished),
        "steps": [
            describe_step(step, file, results=results, running=flying.get(step.name, 0), now=state.last_at)
            for step in state.steps.values()
        ],
    }


def params(meta: RunMeta) -> dict[str, Any]:
    """The parameters as JSON; secret ones as `***`."""
    shown = {name: bounded(plain_text(value)) for name, value in meta.params.items()}
    return shown | dict.fromkeys(meta.secrets, MASK)


def param_texts(meta: RunMeta) -> dict[str, str]:
    """The parameters as a person types them: text as it is, anything else as JSON, secret ones as `***`, `?` for what cannot
    be read, since a list of runs is to tell the others all the same.
    """
    found = {}
    for name, value in meta.params.items():
        try:
            shown = bounded(plain_text(value))
        except DamagedRunFile:
            shown = "?"
        found[name] = shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
    return found | dict.fromkeys(meta.secrets, MASK)


def describe_step(
    step: StepState,
    file: RunFile | None = None,
    *,
    results: bool = True,
    running: int = 0,
    now: float | None = None,
) -> dict[str, Any]:
    """The object of one step. A plain step has `result` if it is wanted and the file is there."""
    succeeded, failed, skipped = ended(step)
    total = step.total if step.shape.for_each else 1
    waiting = max(0, total - succeeded - failed - skipped)
    running = min(running, waiting)
    duration = step.duration(now)
    record: dict[str, Any] = {
        "name": step.name,
        "status": step.status,
        "total": total,
        "total_known": step.total_known or not step.shape.for_each,
        "succeeded": succeeded,
        "failed": failed,
        "skipped": skipped,
        "pending": waiting - running,
        "running": running,
        "stale": min(step.stale, succeeded),
        "retrying": min(step.retrying, waiting - running),
        "attempts": step.attempts,
        "started": iso(step.began),
        "duration": None if duration is None else round(duration, 3),
        "error": error(step_error(step, file)),
    }
    if results and file is not None and not step.shape.for_each:
        record["result"] = _result(step, file)
    return record


def ended(step: StepState) -> tuple[int, int, int]:
    """Succeeded, failed, skipped. A plain step that ended before it had an item still counts as the one it is."""
    if step.shape.for_each or step.done:
        return step.succeeded, step.failed, step.skipped
    return int(step.status == "succeeded"), int(step.status == "failed"), int(step.status == "skipped")


def step_error(step: StepState, file: RunFile | None) -> bytes | None:
    """What failed the step itself, or the one item of a plain step."""
    if step.error is not None or step.shape.for_each or not step.failures or file is None:
        return step.error
    rows = browse.item_rows(file, step.name, [0])
    return rows[0].error if rows else None


def _result(step: StepState, file: RunFile) -> Any:
    if not step.succeeded:
        return None
    found = next(browse.results(file, step.name, step.states), None)
    return None if found is None else bounded(plain_text(found))


def error(body: bytes | None) -> dict[str, Any] | None:
    """The object of an encoded ErrorInfo."""
    if body is None:
        return None
    try:
        info = ErrorInfo.decode(body)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as problem:
        raise DamagedRunFile(f"the run file is damaged: an error in it cannot be read ({problem!r})") from None
    return {
        "type": info.type,
        "message": info.message,
        "fingerprint": info.fingerprint,
        "traceback": info.traceback,
        "where": None if info.where is None else {"file": info.where[0], "line": info.where[1]},
    }


def failed_item(step: str, item: StoredItem) -> dict[str, Any]:
    """The record of a failed item; `item.payload` must have been read."""
    payload = None if item.payload is None else _value(plain_text(item.payload))
    return {
        "step": step,
        "key": item.key,
        "index": item.position,
        "item": payload,
        "attempts": item.attempts,
        "revision": item.revision,
        "error": error(item.error),
    }


def run_row(meta: RunMeta, state: RunState) -> dict[str, Any]:
    """One entry of `runs --json`; `failed` are the items that are failed now."""
    return {
        "run": meta.run,
        "flow": meta.flow,
        "path": meta.path,
        "status": state.status,
        "started": iso(state.started),
        "finished": iso(state.finished),
        "failed": sum(ended(step)[1] for step in state.steps.values()),
    }


def groups(state: RunState, steps: list[str] | None = None) -> list[dict[str, Any]]:
    """Failures that are failed now by fingerprint, the largest group first."""
    found: dict[str, dict[str, Any]] = {}
    for step in state.steps.values():
        if steps is not None and step.name not in steps:
            continue
        for group in step.groups:
            if not group.count:
                continue
            entry = found.setdefault(
                group.fingerprint,
                {
                    "fingerprint": group.fingerprint,
                    "type": group.type,
                    "message": group.message,
                    "count": 0,
                    "steps": [],
                },
            )
            entry["count"] += group.count
            entry["steps"].append(step.name)
    return sorted(found.values(), key=lambda entry: (-entry["count"], entry["fingerprint"]))
