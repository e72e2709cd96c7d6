"""The flow language as JSON Schema (2020-12), for editors that complete and underline. Every short form is in it.

What a schema cannot say (that a step exists, that a template is one) `flow.load` says.
"""

from __future__ import annotations

from typing import Any, get_args

from tui_workflow.flow import foreach, inputs, parse, settings
from tui_workflow.flow.model import MAX_SLOTS, ParamType
from tui_workflow.flow.params_text import ALIASES
from tui_workflow.flow.steps import MAX_NAME, NAME

Schema = dict[str, Any]

_STEP_NAME = "^" + NAME.pattern.replace(r"\Z", "$")
_TEMPLATE: Schema = {"type": "string", "pattern": r"\{\{|\{%", "description": 'A template, such as "{{ params.x }}".'}
_LABEL: Schema = {"type": ["string", "number", "boolean"]}
_SECONDS: Schema = {"type": "number", "minimum": 0}
_NAMES: Schema = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}


def json_schema() -> Schema:
    """The schema of a flow file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "wf-tui flow",
        "description": "A batch workflow. The reference is shown by 'wf-tui help flow'.",
        **_object(
            {
                "name": _described(_LABEL, "Defaults to the file's stem."),
                "description": _LABEL,
                "version": _LABEL,
                "params": _nullable(_mapping({"$ref": "#/$defs/param"}, "Parameters by name.")),
                "env": _nullable({"$ref": "#/$defs/env"}),
                "handlers": _nullable(_described(_NAMES, "Python files or modules in which handlers are looked up.")),
                "defaults": _nullable({"$ref": "#/$defs/defaults"}),
                "steps": _nullable({"$ref": "#/$defs/steps"}),
                "on_failure": _nullable({"$ref": "#/$defs/steps"}),
                "finally": _nullable({"$ref": "#/$defs/steps"}),
                "notify": {"$ref": "#/$defs/notify"},
            },
            required=["steps"],
        ),
        "$defs": {
            "param": _param(),
            "env": _mapping(_LABEL, "Environment variables; values may be templates."),
            "retry": _retry(),
            "on_error": _on_error(),
            "parallel": _parallel(),
            "defaults": _object(
                {name: {"$ref": f"#/$defs/{name}"} for name in ("retry", "on_error", "parallel")}
                | {"timeout": _SECONDS}
            ),
            "for_each": _for_each(),
            "step": _step(required=["type"]),
            "steps": _steps(),
            "notify": _notify(),
        },
    }


def _object(properties: Schema, *, required: list[str] | None = None) -> Schema:
    found: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return found | ({"required": required} if required else {})


def _mapping(values: Schema, description: str) -> Schema:
    return {"type": "object", "additionalProperties": values, "description": description}


def _nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _described(schema: Schema, description: str) -> Schema:
    return {**schema, "description": description}


def _param() -> Schema:
    long = _object(
        {
            "type": {"enum": [*get_args(ParamType), *ALIASES]},
            "description": _LABEL,
            "default": {},
            "required": {"type": "boolean"},
            "enum": {"type": "array", "minItems": 1},
            "min": {"type": "number"},
            "max": {"type": "number"},
            "pattern": {"type": "string"},
            "secret": {"type": "boolean", "description": "Never stored, never on a command line."},
        }
    )
    short: Schema = {
        "type": ["string", "number", "boolean", "array", "null"],
        "description": "The default; write a mapping as {default: {…}}.",
    }
    return {"anyOf": [long, short]}


def _retry() -> Schema:
    return _object(
        {
            "max_attempts": {"type": "integer", "minimum": 1, "description": "Attempts, the first included."},
            "delay": _described(_SECONDS, "Seconds before the second attempt."),
            "backoff": {"type": "number", "exclusiveMinimum": 0},
            "max_delay": _SECONDS,
            "jitter": {"type": "number", "minimum": 0, "maximum": 1},
            "on": _described(_NAMES, "Exception classes, or exit:CODE."),
        }
    )


def _on_error() -> Schema:
    action: Schema = {"enum": ["fail", "continue"]}
    share: Schema = {"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*%\s*$"}
    long = _object(
        {
            "action": action,
            "save_error": {"type": "boolean"},
            "max_failures": {"anyOf": [{"type": "integer", "minimum": 0}, share]},
        }
    )
    return {"anyOf": [action, long]}


def _parallel() -> Schema:
    slots: Schema = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": MAX_SLOTS}, {"const": True}, _TEMPLATE]}
    executors = [name for name in settings.EXECUTORS if name not in settings.NOT_YET]
    long = _object({"max_parallel": slots, "executor": {"enum": executors}})
    return {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "boolean"}, _TEMPLATE, long]}


def _for_each() -> Schema:
    items: Schema = {"anyOf": [{"type": "array"}, _TEMPLATE]}
    count: Schema = {"anyOf": [{"type": "integer", "minimum": 0}, _TEMPLATE]}
    options: Schema = {
        "where": {"type": ["string", "boolean"], "description": "An expression over item."},
        "limit": count,
        "chunk": {"anyOf": [{"type": "integer", "minimum": 1}, _TEMPLATE]},
    }
    text: Schema = {"type": "string", "minLength": 1}
    columns: Schema = {"anyOf": [text, {"type": "array", "items": text, "minItems": 1, "uniqueItems": True}]}
    query = _described(text, "One query that reads; values are written :name and given in args.")
    value: Schema = {"type": ["string", "number", "boolean", "null"]}
    args = _mapping(value, "Values of the query's :name parameters; texts may be templates.")
    return {
        "anyOf": [
            *items["anyOf"],
            _object({"file": text, "format": {"enum": list(foreach.FORMATS)}, **options}, required=["file"]),
            _object({"glob": text, **options}, required=["glob"]),
            _object({"range": count, **options}, required=["range"]),
            _object({"items": items, **options}, required=["items"]),
            _object({"parquet": text, "columns": columns, **options}, required=["parquet"]),
            _object({"sql": query, "database": text, "args": args, **options}, required=["sql", "database"]),
        ]
    }


def _step(required: list[str], extra: Schema | None = None) -> Schema:
    properties: Schema = {
        **(extra or {}),
        "type": {"type": "string", "description": f"{', '.join(inputs.BUILT_IN)}, or the name of a plug-in."},
        "task": {"type": "string", "description": "The same as type."},
        "inputs": _nullable({"type": "object", "description": "What the type takes; texts may be templates."}),
        "for_each": {"$ref": "#/$defs/for_each"},
        "batch_size": {"anyOf": [{"const": "auto"}, {"type": "integer", "minimum": 1}]},
        "key": _described(_TEMPLATE, "A template that gives each item a stable identity."),
        "parallel": {"$ref": "#/$defs/parallel"},
        "retry": {"$ref": "#/$defs/retry"},
        "timeout": {"type": "number", "exclusiveMinimum": 0, "description": "Seconds for one attempt of one item."},
        "memory": {"type": ["string", "integer"], "description": "Limit for one worker, such as 512M."},
        "on_error": {"$ref": "#/$defs/on_error"},
        "on_progress": {
            "type": "string",
            "description": "Python that defines update_progress(items_processed, total_items).",
        },
        "if": {**_LABEL, "description": "An expression; false skips the step, or the item if it names one."},
        "needs": _described(_NAMES, "Steps that must have ended before; without it, the previous step."),
        "depends_on": _described(_NAMES, "The same as needs."),
        "rerun": {"type": "boolean"},
        "checkpoint": {"enum": ["group", "each"]},
        "env": {"$ref": "#/$defs/env"},
        "workdir": {"type": "string"},
        "description": _LABEL,
    }
    others = [name for name in required if name != "type"]
    alternatives = {"anyOf": [{"required": ["type"]}, {"required": ["task"]}]}
    return {**_object(properties, required=others), **alternatives, "allOf": [_inputs_of(name) for name in _INPUTS]}


_TEXT: Schema = {"type": "string"}
_INPUTS: dict[str, Schema] = {
    "python": {
        "properties": {
            "code": _TEXT,
            "operation": {"enum": list(inputs.OPERATIONS)},
            "handler": _TEXT,
            "on_progress": _TEXT,
        },
        "anyOf": [{"required": ["code"]}, {"required": ["operation"]}, {"required": ["handler"]}],
    },
    "shell": _object(
        {
            "command": {"anyOf": [_TEXT, {"type": "array", "items": _LABEL, "minItems": 1}]},
            "stdin": _TEXT,
            "ok_codes": {
                "anyOf": [
                    {"type": "integer"},
                    {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 255}},
                ]
            },
            "on_progress": _TEXT,
        },
        required=["command"],
    ),
    "template": {
        **_object({"template": _TEXT, "file": _TEXT, "output": _TEXT, "on_progress": _TEXT}, required=["output"]),
        "oneOf": [{"required": ["template"]}, {"required": ["file"]}],
    },
}


def _inputs_of(name: str) -> Schema:
    given = {"anyOf": [{"properties": {key: {"const": name}}, "required": [key]} for key in ("type", "task")]}
    return {"if": given, "then": {"properties": {"inputs": _INPUTS[name]}, "required": ["inputs"]}}


def _steps() -> Schema:
    by_name: Schema = {
        "type": "object",
        "propertyNames": {"pattern": _STEP_NAME, "maxLength": MAX_NAME},
        "additionalProperties": {"$ref": "#/$defs/step"},
    }
    name: Schema = {"name": {"type": "string", "pattern": _STEP_NAME, "maxLength": MAX_NAME}}
    return {"anyOf": [by_name, {"type": "array", "items": _step(["type", "name"], name)}]}


def _notify() -> Schema:
    alerts: Schema = {"enum": list(parse.ALERTS)}
    return _object(
        {"on": {"anyOf": [alerts, {"type": "array", "items": alerts}]}, "bell": {"type": "boolean"}, "command": _TEXT},
        required=["on"],
    )
