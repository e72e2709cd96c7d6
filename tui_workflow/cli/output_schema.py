"""The JSON Schema (2020-12) of everything that commands print as JSON, and of the events of `--json`."""

from __future__ import annotations

from typing import Any, get_args

from tui_workflow.facts.events import RunStatus, StepStatus

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_FLAG: Schema = {"type": "boolean"}
_ANY: Schema = {"description": "Any JSON value."}
_TIME: Schema = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
    "description": "ISO 8601, UTC.",
}
_VERSION: Schema = {"const": 1}
_FINGERPRINT: Schema = {
    "type": "string",
    "pattern": "^[0-9a-f]{8}$",
    "description": "The same for one cause of failure.",
}


def _optional(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _list(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def _object(properties: dict[str, Schema], description: str, optional: tuple[str, ...] = ()) -> Schema:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _step() -> Schema:
    return _object(
        {
            "name": _TEXT,
            "status": {"enum": list(get_args(StepStatus))},
            "total": _COUNT,
            "total_known": _FLAG,
            "succeeded": _COUNT,
            "failed": _COUNT,
            "skipped": _COUNT,
            "pending": _COUNT,
            "running": _COUNT,
            "stale": _COUNT,
            "retrying": _COUNT,
            "attempts": _COUNT,
            "started": _optional(_TIME),
            "duration": _optional({"type": "number", "minimum": 0, "description": "Seconds."}),
            "error": _optional(_ref("error")),
            "result": {"anyOf": [_ref("truncated"), _ANY]},
        },
        "One step. total = succeeded + failed + skipped + pending + running; stale is part of succeeded, retrying of pending."
        " `result` is there for steps without for_each, in `show --json`.",
        optional=("result",),
    )


def _run() -> dict[str, Schema]:
    return {
        "schema": _VERSION,
        "run": _TEXT,
        "flow": _TEXT,
        "path": _TEXT,
        "revision": _COUNT,
        "status": {"enum": list(get_args(RunStatus))},
        "params": {"type": "object", "additionalProperties": {"anyOf": [_ref("truncated"), _ANY]}},
        "started": _optional(_TIME),
        "finished": _optional(_TIME),
        "steps": _list(_ref("step")),
    }


def _failed_item() -> dict[str, Schema]:
    return {
        "step": _TEXT,
        "key": _TEXT,
        "index": {"type": "integer", "minimum": -1, "description": "-1 when the latest listing lacks it."},
        "item": _ANY,
        "attempts": _COUNT,
        "revision": _optional(_COUNT),
        "error": _optional(_ref("error")),
    }


def _event(name: str | list[str], description: str, **more: Schema) -> Schema:
    kind = {"enum": name} if isinstance(name, list) else {"const": name}
    head = {"schema": _VERSION, "event": kind, "at": _TIME, "run": _TEXT}
    return _object({**head, **more}, description)


def _events() -> dict[str, Schema]:
    finished = {name: schema for name, schema in _run().items() if name not in ("schema", "run")}
    return {
        "run_event": _event("run_started", "A run began.", flow=_TEXT, path=_TEXT),
        "step_event": _event(
            ["step_started", "step_progress", "step_finished"], "A step, without its result.", step=_ref("step")
        ),
        "item_failed_event": _event("item_failed", "An item failed and is not tried again.", **_failed_item()),
        "item_retrying_event": _event(
            "item_retrying", "An item failed; its next attempt is due.", **_failed_item(), next_at=_TIME
        ),
        "reload_event": _event(
            ["reloaded", "reload_rejected"],
            "An edit of the flow was taken up as `revision`, or refused: then `revision` goes on.",
            revision=_COUNT,
            problems=_list(_TEXT),
        ),
        "paused_event": _event(
            "paused", "Nothing new starts; `reason` is empty when a person wished it.", reason=_TEXT
        ),
        "resumed_event": _event("resumed", "The run goes on."),
        "run_finished_event": _event("run_finished", "The last event: the run without results.", **finished),
    }


def output_schema() -> Schema:
    """One schema; `$defs` names each document, `oneOf` lists those that a command or an event line may be."""
    events = _events()
    documents: dict[str, Schema] = {
        "show": _object(_run(), "`show --json`: one run."),
        "runs": _object({"schema": _VERSION, "runs": _list(_ref("run_row"))}, "`runs --json`."),
        "check": _object({"schema": _VERSION, "problems": _list(_ref("problem"))}, "`check --json`."),
        "failed": _object({"schema": _VERSION, "run": _TEXT, "failed": _list(_ref("failed_item"))}, "`failed --json`."),
        "failed_groups": _object(
            {"schema": _VERSION, "run": _TEXT, "groups": _list(_ref("group"))}, "`failed --group --json`."
        ),
        "failed_item": _object(_failed_item(), "A failed item: one line of `failed --jsonl`."),
        "event": {"oneOf": [_ref(name) for name in events], "description": "One line of `--json`."},
    }
    parts: dict[str, Schema] = {
        "step": _step(),
        "error": _object(
            {
                "type": _TEXT,
                "message": _TEXT,
                "fingerprint": _FINGERPRINT,
                "traceback": _TEXT,
                "where": _optional(_object({"file": _TEXT, "line": _COUNT}, "Innermost frame of the user's code.")),
            },
            "What went wrong.",
        ),
        "truncated": _object({"truncated": {"const": True}, "bytes": _COUNT}, "Stands for a value over 64 KiB."),
        "run_row": _object(
            {name: _run()[name] for name in ("run", "flow", "path", "status", "started", "finished")}
            | {"failed": _COUNT},
            "One run of a list; `failed` are the items that are failed now.",
        ),
        "group": _object(
            {"fingerprint": _FINGERPRINT, "type": _TEXT, "message": _TEXT, "count": _COUNT, "steps": _list(_TEXT)},
            "Failures with one cause.",
        ),
        "problem": _object(
            {
                "severity": {"enum": ["error", "warning"]},
                "file": _TEXT,
                "line": _optional(_COUNT),
                "column": _optional(_COUNT),
                "message": _TEXT,
                "hint": _optional(_TEXT),
            },
            "One problem of a flow file.",
        ),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "JSON printed by wf-tui",
        "description": "Decimal, Path, UUID, dates, inf and nan are strings, tuples and sets arrays, bytes base64, dicts with"
        " other keys arrays of pairs; secrets are `***`. `result` of a for_each step prints one bare value a line.",
        "oneOf": [_ref(name) for name in documents],
        "$defs": documents | events | parts,
    }
