"""Copying to the terminal's clipboard, and writing failed items to a file."""

from __future__ import annotations

import json
from dataclasses import asdict

from tui_workflow.facts.commands import Progress
from tui_workflow.facts.outcome import ErrorInfo
from tui_workflow.facts.state import Item
from tui_workflow.text import visible
from tui_workflow.ui.actions import walk
from tui_workflow.ui.actions.walk import Act
from tui_workflow.ui.bulk import carried_out, is_busy
from tui_workflow.ui.desk import Desk
from tui_workflow.ui.scope import scopes
from tui_workflow.ui.screens.question import ask
from tui_workflow.view import numbers
from tui_workflow.view.columns import cut
from tui_workflow.view.nav import Items, Pane
from tui_workflow.view.panes.definition import lines_of
from tui_workflow.view.ports import ItemDetail, ItemRow

_NAMED = 20
"""Columns of a key or a label in the sentence about it."""


def copy(desk: Desk) -> None:
    """The most telling text of what is under the cursor."""
    nav = desk.nav
    match nav.place:
        case "items" if nav.items is not None and nav.items.item is not None:
            desk.spawn("copy", _copy_of_item(desk, "what is read" if nav.items.reading else "name"))
        case "definition":
            put(desk, lines_of(desk.definition()[1])[nav.definition_at], "the line")
        case "history":
            runs = desk.runs() or ()
            put(desk, runs[min(nav.run, len(runs) - 1)].run if runs else "", "the run's id")
        case "main":
            _copy_in_pane(desk)
        case _:
            desk.refuse("Nothing is selected to copy")


def _copy_in_pane(desk: Desk) -> None:
    nav = desk.nav
    match nav.pane:
        case Pane.FAILURES:
            cause = walk.cause(desk)
            put(desk, f"{cause.group.type}: {cause.group.message}" if cause is not None else "", "the error")
        case Pane.LOG:
            at = len(desk.log) - 1 if nav.log.at is None else nav.log.at
            put(desk, desk.log[at].text if 0 <= at < len(desk.log) else "", "the line")
        case _:
            put(desk, nav.step, "the step's name")


def copy_more(desk: Desk) -> None:
    """Ask which part of the item to copy."""
    nav = desk.nav
    if nav.place != "items" or nav.items is None or nav.items.item is None:
        desk.refuse(
            f"{desk.key('copy_more')} does nothing here: open an item first   {desk.key('copy')} copies what is selected"
        )
        return
    desk.spawn("copy", _ask_which(desk))


async def _ask_which(desk: Desk) -> None:
    """The parts that the item has; its label first where the key is a digest, and both as they are, so that it is plain which is
    which.
    """
    detail = await _item(desk)
    if detail is None:
        return
    row, error = detail.row, _error(detail)
    parts = [("y", "key", row.key)]
    if _labelled(row):
        parts.insert(0, ("l", "label", row.label))
    if error is not None:
        parts += [("e", "error", ""), ("t", "traceback", "")]
    parts += [("i", "input", ""), ("r", "row as JSON", "")]
    answers = [
        (key, f"{word:<7} {held}".rstrip(), lambda desk, word=word: desk.spawn("copy", _copy_of_item(desk, word)))
        for key, word, held in parts
    ]
    words = "Commands take the key." if _labelled(row) else ""
    ask(desk, "Copy what?", words, [*answers, ("esc", "nothing", lambda desk: None)])


async def _item(desk: Desk) -> ItemDetail | None:
    """The item under the cursor; when there is none, that is said."""
    held = desk.nav.items
    if held is None or held.item is None:
        return None
    detail = await desk.details.item(held.step, held.item)
    if detail is None:
        desk.refuse("The run file does not hold this item yet")
    return detail


async def _copy_of_item(desk: Desk, part: str) -> None:
    held, detail = desk.nav.items, await _item(desk)
    if held is None or detail is None:
        return
    error = _error(detail)
    match part:
        case "what is read" if error is not None and detail.row.state != Item.OK:
            put(desk, f"{error.type}: {error.message}", "the error", _more(desk, "its traceback"))
        case "error" if error is not None:
            put(desk, f"{error.type}: {error.message}", "the error")
        case "traceback" if error is not None:
            put(desk, traceback_text(error), "the traceback")
        case "key":
            put(desk, detail.row.key, "the key")
        case "label":
            put(desk, detail.name or detail.row.label, "the label")
        case "input":
            put(desk, detail.payload, "the input")
        case "row as JSON":
            put(desk, row_json(held.step, detail, error), "the row as JSON")
        case _:
            _put_name(desk, detail, failed=error is not None)


def _error(detail: ItemDetail) -> ErrorInfo | None:
    """The latest that the item ended with."""
    return next((each.error for each in reversed(detail.attempts) if each.error is not None), None)


def _labelled(row: ItemRow) -> bool:
    """Whether the screen calls the item by something else than its key, which then is a digest."""
    return row.label not in ("", row.key)


def _put_name(desk: Desk, detail: ItemDetail, *, failed: bool) -> None:
    """Copy what the screen calls the item by: its key or, where that is a digest, what stands for it, never shortened."""
    row = detail.row
    others = "its error" if failed else "its input"
    if not _labelled(row):
        put(desk, row.key, f"the key {cut(visible(row.key), _NAMED)}", _more(desk, others))
    elif detail.name:
        put(desk, detail.name, f"the label {cut(visible(row.label), _NAMED)}", _more(desk, f"its key, {others}"))
    else:
        put(desk, detail.payload, "the input", _more(desk, "its key, its error" if failed else "its key"))


def _more(desk: Desk, what: str) -> str:
    """The key that copies something else of the item."""
    return f"{desk.key('copy_more')} {what}"


def traceback_text(error: ErrorInfo) -> str:
    """A traceback as Python writes one, from what was kept of it."""
    if error.traceback:
        return error.traceback
    lines = ["Traceback (most recent call last):"] if error.frames else []
    for frame in error.frames:
        lines.append(f'  File "{frame.file}", line {frame.line}, in {frame.function}')
        lines += [f"    {text.strip()}" for number, text in frame.lines if number == frame.line]
    return "\n".join([*lines, f"{error.type}: {error.message}"])


def row_json(step: str, detail: ItemDetail, error: ErrorInfo | None) -> str:
    """One item as the record of a failed item: step, key, index, item, attempts, revision, error."""
    row = asdict(detail.row)
    try:
        item: object = json.loads(detail.payload)
    except ValueError:
        item = detail.payload
    record = {
        "step": step,
        "key": row["key"],
        "index": row["position"],
        "item": item,
        "attempts": row["attempts"],
        "revision": row["revision"],
        "error": None
        if error is None
        else {
            "type": error.type,
            "message": error.message,
            "fingerprint": error.fingerprint,
            "traceback": traceback_text(error),
            "where": {"file": error.where[0], "line": error.where[1]} if error.where else None,
        },
    }
    return json.dumps(record, ensure_ascii=False)


def put(desk: Desk, text: str, what: str, more: str = "") -> None:
    """Copy a text and say so; `more` is what else can be done."""
    if not text:
        desk.refuse("There is nothing to copy here")
        return
    desk.copy_out(text)
    size = numbers.size(len(text.encode("utf-8", "backslashreplace")))
    desk.say(f"Copied {what}, {size}, to the terminal's clipboard{f'   {more}' if more else ''}")


def write(desk: Desk) -> None:
    """Write failed items to a JSON Lines file: the marked, those of the list or the group in front, else all."""
    library = desk.options.library
    if library is None:
        desk.refuse(f"{desk.key('write')} does nothing here: no file can be written")
        return
    if not desk.state.failed:
        desk.refuse("Nothing to write: no item has failed")
        return
    nav = desk.nav
    step: str | None = None
    items: tuple[int, ...] | None = None
    which = ""
    if nav.place == "items" and nav.items is not None:
        failed = desk.state.steps[nav.items.step].failures
        step = nav.items.step
        items = tuple(n for n in (sorted(nav.items.marked) or desk.item_list.numbers) if n in failed)
        which = _which(nav.items)
    elif nav.place == "main" and nav.pane == Pane.FAILURES and nav.groups_marked:
        chosen = scopes(desk)
        if len({scope.step for scope in chosen}) == 1:
            step = chosen[0].step
            items = tuple(sorted(number for scope in chosen for number in scope.items))
            which = (chosen[0].group if len(chosen) == 1 else None) or f"{step}-marked"
    if items == ():
        desk.refuse("Nothing to write: no item here has failed")
        return
    if is_busy(desk):
        return
    total = len(items) if items is not None else desk.state.failed
    progress = Progress(total)

    async def work() -> None:
        written = library.write_failed(step, items, progress, which)
        desk.say(await carried_out(desk, "Writing the failed items", progress, "no file is written", written))

    desk.spawn("write", work())


def _which(held: Items) -> str:
    """What a list shows, for a file's name: its group or else its step, and whether only a part of that."""
    part = "marked" if held.marked else "filtered" if held.found is not None else ""
    if not part and held.cell is not None:
        part = f"{held.cell.start}-{held.cell.stop - 1}"
    return "-".join(filter(None, (held.group or held.step, part)))


ACTIONS: dict[str, Act] = {"copy": copy, "copy_more": copy_more, "write": write}
