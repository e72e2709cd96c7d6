"""Values read from the files that a command line names: JSON, YAML, CSV, JSON Lines, text."""

from __future__ import annotations

import csv
import json
import os
from typing import Any

from tui_workflow.flow.compose import Refused, compose
from tui_workflow.flow.nodes import plain

SUFFIXES = (".json", ".yaml", ".yml", ".csv", ".jsonl", ".txt")
MAX_BYTES = 256 * 1024 * 1024
_MAX_NODES = 5_000_000


class BadFile(ValueError):
    """The file cannot be read as what its suffix says; the text says why."""


def read_file(path: str, *, lines: bool) -> Any:
    """The value of a file by its suffix: rows of CSV are mappings, text is one string, or with `lines` a list of them.

    Raises `BadFile`.
    """
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in SUFFIXES:
        raise BadFile(f"'{path}' has none of the suffixes {' '.join(SUFFIXES)}")
    text = read_text(path)
    try:
        if suffix == ".json":
            return json.loads(text)
        if suffix == ".jsonl":
            return [json.loads(line) for line in text.split("\n") if line.strip()]
        if suffix == ".csv":
            return _rows(text)
        if suffix == ".txt":
            return text.splitlines() if lines else text
    except (ValueError, RecursionError, csv.Error) as error:
        raise BadFile(f"'{path}' is not {suffix[1:].upper()}: {error}") from None
    return parse_yaml(text, path)


def read_text(path: str) -> str:
    """The text of a file without a byte order mark. Raises `BadFile`."""
    try:
        if not os.path.isfile(path):
            raise BadFile(f"there is no file '{path}'")
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, BadFile):
            raise
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise BadFile(f"'{path}' cannot be read: {reason}") from None
    if len(data) > MAX_BYTES:
        raise BadFile(f"'{path}' has more than {MAX_BYTES // 1024**2} MB; read it with for_each: {{file: …}}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(f"'{path}' is not UTF-8 text (byte {error.start})") from None


def parse_yaml(text: str, name: str) -> Any:
    """The value of YAML text, read as a flow is: no tags, no duplicate keys, YAML 1.2 scalars. Raises `BadFile`."""
    try:
        node, problems = compose(text, name, max_nodes=_MAX_NODES)
    except Refused as refused:
        raise BadFile(refused.problem.message) from None
    if problems:
        first = problems[0]
        raise BadFile(f"line {first.line}, column {first.column}: {first.message}")
    return None if node is None else plain(node)


def _rows(text: str) -> list[dict[str, str]]:
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    header = next(reader, [])
    rows = []
    for row in reader:
        if not row:
            continue
        if len(row) != len(header):
            raise ValueError(f"line {reader.line_num} has {len(row)} fields, the header {len(header)}")
        rows.append(dict(zip(header, row, strict=True)))
    return rows
