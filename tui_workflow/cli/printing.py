"""How commands print: JSON that hides nothing, and plain text in columns. All data goes through `text.visible`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any, TypeVar, cast

from tui_workflow.text import visible, visible_json

_F = TypeVar("_F", bound=Callable[..., int])


def prints(command: _F) -> _F:
    """A command that writes to stdout without flushing each line, and ends quietly when its reader has seen enough."""

    @wraps(command)
    def printing(*arguments: Any, **options: Any) -> int:
        try:
            code = command(*arguments, **options)
            sys.stdout.flush()
        except BrokenPipeError:
            return 0
        return code

    return cast(_F, printing)


def line(text: str = "") -> None:
    """One line on stdout. The text must have been made visible, or be JSON of `json_text`."""
    sys.stdout.write(f"{text}\n")


def print_json(record: Any, *, indent: int | None = 2) -> None:
    """One JSON document; characters that a terminal would obey or hide are escaped."""
    line(json_text(record, indent=indent))


def json_text(record: Any, *, indent: int | None = None) -> str:
    separators = (",", ":") if indent is None else None
    return visible_json(json.dumps(record, ensure_ascii=False, indent=indent, separators=separators, allow_nan=False))


def print_list(head: dict[str, Any], name: str, records: Iterable[Any]) -> None:
    """The object `head` with one more key, a list that is written as it comes: it may be longer than memory."""
    sys.stdout.write(f"{json_text(head)[:-1]},{json_text(name)}:[")
    separator = ""
    for record in records:
        sys.stdout.write(f"{separator}{json_text(record)}")
        separator = ",\n"
    line("]}")


def print_table(rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Rows in columns, two spaces apart; columns in `right` are set to the right, the last is not padded."""
    from tui_workflow.view.cellwidth import width

    shown = [[visible(cell) for cell in row] for row in rows]
    if not shown:
        return
    widths = [max(width(row[column]) for row in shown) for column in range(len(shown[0]))]
    for row in shown:
        cells = []
        for column, cell in enumerate(row):
            gap = " " * (widths[column] - width(cell))
            last = column == len(row) - 1
            cells.append(gap + cell if column in right else cell if last else cell + gap)
        line("  ".join(cells).rstrip())


def first_line(text: str, limit: int = 100) -> str:
    """The first line of a message, cut at `limit` characters."""
    line = text.split("\n", 1)[0]
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
