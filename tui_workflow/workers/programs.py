"""A `StepProgram` as the body of a frame, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from tui_workflow import values
from tui_workflow.facts.work import Listing, StepProgram, StepSummary

_PLAIN = tuple(
    f.name for f in fields(StepProgram) if f.name not in ("inputs", "handlers", "params", "context", "steps")
)


def pack_program(program: StepProgram) -> bytes:
    record: dict[str, Any] = {name: getattr(program, name) for name in _PLAIN}
    record["env"], record["flow_env"] = dict(program.env), dict(program.flow_env)
    record["inputs"] = values.encode(_plain(program.inputs)).decode()
    record["handlers"] = [(path, source.decode("latin-1")) for path, source in program.handlers]
    record["params"] = _texts(program.params)
    record["context"] = _texts(program.context)
    record["steps"] = [
        [getattr(step, f.name) if f.name != "error" else _text(step.error) for f in fields(StepSummary)]
        for step in program.steps
    ]
    return json.dumps(record, separators=(",", ":")).encode()


def unpack_program(body: bytes) -> StepProgram:
    record = json.loads(body)
    record["inputs"] = values.decode(record["inputs"].encode())
    record["handlers"] = tuple((path, source.encode("latin-1")) for path, source in record["handlers"])
    record["params"] = {name: text.encode() for name, text in record["params"].items()}
    record["context"] = {name: text.encode() for name, text in record["context"].items()}
    place = [f.name for f in fields(StepSummary)].index("error")
    for step in record["steps"]:
        step[place] = None if step[place] is None else step[place].encode()
    record["steps"] = tuple(StepSummary(*step) for step in record["steps"])
    return StepProgram(**record)


def pack_listing(listing: Listing) -> bytes:
    record = {f.name: getattr(listing, f.name) for f in fields(Listing)}
    record["value"] = values.encode(_plain(listing.value)).decode()
    record["args"] = _plain(listing.args)
    return json.dumps(record, separators=(",", ":")).encode()


def unpack_listing(body: bytes) -> Listing:
    record = json.loads(body)
    record["value"] = values.decode(record["value"].encode())
    return Listing(**record)


def _plain(value: Any) -> Any:
    """What a flow's text holds as dicts and lists, whatever frozen kinds the reader of the flow made of them."""
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


def _texts(stored: Mapping[str, bytes]) -> dict[str, str]:
    return {name: value.decode() for name, value in stored.items()}


def _text(stored: bytes | None) -> str | None:
    return None if stored is None else stored.decode()
