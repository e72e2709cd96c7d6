"""The commands that read stored runs: nothing of a flow is executed, no run file is changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui_workflow.cli.printing import first_line, json_text, line, print_json, print_list, print_table, prints
from tui_workflow.cli.select import (
    by_itself,
    find_place,
    of_run,
    other_runs,
    place_options,
    run_option,
    say_which,
    select_run,
    several_flows,
    unknown_step,
)

if TYPE_CHECKING:
    from tui_workflow.facts.state import RunState
    from tui_workflow.store.records import StoredItem, StoredLine
    from tui_workflow.store.runfile import RunFile

_PAGE = 500
_REASONS = 5
"""Reasons of skipped items that are told."""


@click.command()
@click.argument("flow_file", metavar="[FLOW]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options
@prints
def runs(flow_file: str | None, as_json: bool, state_dir: str | None, flow: str | None) -> int:
    """The runs, newest first; those of FLOW if it is given."""
    flow = flow_file or flow
    from tui_workflow.store.describe import SCHEMA, param_texts, run_row
    from tui_workflow.store.places import list_runs, of_flow
    from tui_workflow.text import visible
    from tui_workflow.view.numbers import copyable, stopwatch
    from tui_workflow.view.telling import differing

    place = find_place(state_dir, flow)
    found = list_runs(place.home)
    for run in found:
        if run.problem:
            click.echo(f"wf-tui: {visible(run.problem)}", err=True)
    if place.flow is not None:
        found = of_flow(found, place.flow)
    shown = [
        (run_row(run.meta, run.state), run.state, run.meta)
        for run in found
        if run.meta is not None and run.state is not None
    ]
    if as_json:
        print_json({"schema": SCHEMA, "runs": [record for record, _, _ in shown]})
        return 0
    if not shown:
        click.echo(f"There are no runs in {visible(str(place.home))}.", err=True)
        return 0
    params = [param_texts(meta) for _, _, meta in shown]
    of_flows: dict[str, list[dict[str, str]]] = {}
    for (_, _, meta), own in zip(shown, params, strict=True):
        of_flows.setdefault(meta.path, []).append(own)
    names = {path: differing(each) for path, each in of_flows.items()}
    rows = [["RUN", "FLOW", "STATUS", "STARTED", "TOOK", "FAILED", "PARAMETERS" if any(names.values()) else ""]]
    for (record, state, meta), own in zip(shown, params, strict=True):
        failures = str(record["failed"] or "")
        took = copyable(stopwatch(state.duration()))
        told = "  ".join(f"{name}={first_line(own[name])}" for name in names[meta.path] if name in own)
        rows.append([record["run"], record["flow"], _status(state), _local(state.started), took, failures, told])
    print_table(rows, right=(4, 5))
    return 0


@click.command()
@click.argument("run", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options
@prints
def show(run: str | None, as_json: bool, state_dir: str | None, flow: str | None) -> int:
    """One run: parameters, steps, counts, results. RUN is an id, `latest` (the default), a flow file or a run file."""
    from tui_workflow.store.describe import describe
    from tui_workflow.store.places import open_state
    from tui_workflow.store.runfile import RunFile

    with RunFile(select_run(run, state_dir, flow)) as file:
        state, _ = open_state(file)
        record = describe(state, file=file)
        if as_json:
            print_json(record)
        else:
            _print_run(record, state)
            _print_skipped(file, state)
    return 0


def _print_run(record: dict[str, Any], state: RunState) -> None:
    from tui_workflow.text import visible
    from tui_workflow.view.numbers import copyable, stopwatch

    reason = f": {state.reason}" if state.reason else ""
    rows = [
        ["run", record["run"]],
        ["flow", f"{record['flow']}, revision {record['revision']}"],
        ["file", record["path"]],
        ["status", f"{_status(state)}{reason}"],
        ["started", _local(state.started)],
        ["finished", _local(state.finished)],
        *([f"  {name}", json_text(value)] for name, value in record["params"].items()),
    ]
    if record["params"]:
        rows.insert(6, ["params", ""])
    print_table(rows)
    line()
    table = [["STEP", "STATUS", "TOTAL", "OK", "FAILED", "SKIPPED", "LEFT", "STALE", "TOOK"]]
    for step in record["steps"]:
        took = "" if step["duration"] is None else copyable(stopwatch(step["duration"]))
        total = f"{step['total']}{'' if step['total_known'] else '+'}"
        left = step["pending"] + step["running"]
        counts = [step["succeeded"], step["failed"], step["skipped"], left, step["stale"]]
        table.append([step["name"], step["status"], total, *(str(count or "") for count in counts), took])
    print_table(table, right=(2, 3, 4, 5, 6, 7, 8))
    for step in record["steps"]:
        if step["error"]:
            error = step["error"]
            line(f"\n{visible(step['name'])}: {visible(error['type'])}: {visible(first_line(error['message']))}")
        if step.get("result") is not None:
            line(f"\n{visible(step['name'])} = {visible(first_line(json_text(step['result']), 300))}")


def _status(state: RunState) -> str:
    """What a run has come to, and that items failed where the flow tolerated that: `succeeded` alone would hide it."""
    from tui_workflow.text import grouped
    from tui_workflow.view import tolerated

    failed = tolerated.of_run(state)
    return f"{state.status}, {grouped(failed)} failed" if failed else state.status


def _print_skipped(file: RunFile, state: RunState) -> None:
    """Why items were skipped: a line for each of the most frequent reasons."""
    from tui_workflow.facts.outcome import ErrorInfo
    from tui_workflow.store import browse
    from tui_workflow.text import visible

    for step in state.steps.values():
        if not step.skipped or not step.shape.for_each:
            continue
        line(f"\n{visible(step.name)}: {step.skipped} skipped")
        found = browse.skip_reasons(file, step.name, step.states)
        for number, body in found[:_REASONS]:
            reason = ErrorInfo.decode(body).message if body else ""
            line(f"  {number}  {visible(first_line(reason)) or 'no reason given'}")
        if rest := sum(number for number, _ in found[_REASONS:]):
            line(f"  {rest}  for other reasons")


@click.command()
@click.argument("step")
@run_option
@place_options
@prints
def result(step: str, run: str | None, state_dir: str | None, flow: str | None) -> int:
    """The result of STEP as JSON; of a for_each step one value a line in item order, null where there is none."""
    from tui_workflow.store import browse
    from tui_workflow.store.describe import plain_text
    from tui_workflow.store.runfile import RunFile
    from tui_workflow.text import visible_json

    path = select_run(run, state_dir, flow)
    say_which(path, run, flow)
    with RunFile(path) as file:
        state = file.state()
        entry = state.steps.get(step)
        if entry is None:
            raise unknown_step(step, list(state.steps))
        found = browse.results(file, step, entry.states)
        if not entry.shape.for_each:
            found = iter([next(found, None)])
        for data in found:
            line("null" if data is None else visible_json(plain_text(data)))
    return 0


@click.command()
@run_option
@click.option("--step", "step", metavar="STEP", help="Only this step's.")
@click.option("--group", "group", is_flag=True, help="One row per cause instead of per item.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--jsonl", "as_lines", is_flag=True, help="Print one record a line; `for_each: {file: …}` reads it.")
@place_options
@prints
def failed(
    run: str | None,
    step: str | None,
    group: bool,
    as_json: bool,
    as_lines: bool,
    state_dir: str | None,
    flow: str | None,
) -> int:
    """Failed items with their errors."""
    from tui_workflow.errors import UsageError
    from tui_workflow.store.describe import SCHEMA, failed_item, groups
    from tui_workflow.store.places import open_state
    from tui_workflow.store.runfile import RunFile

    if as_json and as_lines:
        raise UsageError("--json and --jsonl exclude each other")
    path = select_run(run, state_dir, flow)
    say_which(path, run, flow)
    with RunFile(path) as file:
        state, _ = open_state(file)
        if step is not None and step not in state.steps:
            raise unknown_step(step, list(state.steps))
        names = list(state.steps) if step is None else [step]
        head = {"schema": SCHEMA, "run": state.run}
        if group:
            found = groups(state, names)
            if as_json:
                print_json({**head, "groups": found})
            elif as_lines:
                for entry in found:
                    line(json_text(entry))
            else:
                _print_groups(found)
            _say_of_others(path, run, flow, state, bool(found))
            return 0
        items = _failed_items(file, state, names)
        records = (failed_item(name, item) for name, item in items)
        if as_json:
            print_list(head, "failed", records)
        elif as_lines:
            for record in records:
                line(json_text(record))
        else:
            _print_failed(items)
        _say_of_others(path, run, flow, state, any(state.steps[name].failed for name in names))
    return 0


def _say_of_others(path: Path, run: str | None, flow: str | None, state: RunState, found: bool) -> None:
    """Say on stderr that nothing failed, and where, or which steps failed without an item; and which runs of other flows have
    failed items when none was named.
    """
    from tui_workflow.errors import WfError
    from tui_workflow.facts.outcome import ErrorInfo
    from tui_workflow.store.places import open_state
    from tui_workflow.store.runfile import RunFile
    from tui_workflow.text import plural, visible
    from tui_workflow.view import broken

    alone = broken.of_run(state)
    if not found:
        click.echo(f"{of_run(path)}: {'no item' if alone else 'nothing'} failed.", err=True)
    for step in alone:
        error = ErrorInfo.decode(step.error) if step.error else None
        why = f": {error.type} {error.message}" if error is not None else ""
        click.echo(visible(f"Step {step.name} failed without an item{why}"), err=True)
    if not by_itself(run, flow):
        return
    for name, other in other_runs(path).items():
        try:
            with RunFile(other) as file:
                failed = open_state(file)[0].failed
        except WfError:
            continue
        if failed:
            which = f"The latest run of {visible(os.path.relpath(name))}, {other.stem},"
            click.echo(f"{which} has {plural(failed, 'failed item')}:  wf-tui failed --run {other.stem}", err=True)


def _failed_items(file: RunFile, state: RunState, names: list[str]) -> Iterator[tuple[str, StoredItem]]:
    """Failed items in the order of the steps, then of the listing."""
    from tui_workflow.facts.state import Item
    from tui_workflow.store import browse

    for name in names:
        step = state.steps[name]
        if not step.failures:
            continue
        order = browse.item_order(file, name, len(step.states))
        numbers = [number for number in order if step.states[number] == Item.FAILED]
        for start in range(0, len(numbers), _PAGE):
            for item in browse.item_rows(file, name, numbers[start : start + _PAGE], payload=True):
                yield name, item


def _print_groups(found: list[dict[str, Any]]) -> None:

    if not found:
        return
    rows = [["COUNT", "GROUP", "STEPS", "ERROR"]]
    for entry in found:
        text = f"{entry['type']}: {first_line(entry['message'])}"
        rows.append([str(entry["count"]), entry["fingerprint"], ", ".join(entry["steps"]), text])
    print_table(rows, right=(0,))


def _print_failed(items: Iterator[tuple[str, StoredItem]]) -> None:
    from itertools import islice

    from tui_workflow.facts import labels
    from tui_workflow.store.describe import failed_item

    header: list[str] = []
    # Columns are measured over a page at a time, so that the first rows of a long list come at once.
    while page := list(islice(items, _PAGE)):
        rows = []
        called = [labels.label(item.key, (item.payload or b"")[: labels.HEAD]) for _, item in page]
        named = any(label != item.key for label, (_, item) in zip(called, page, strict=True))
        head = ["STEP", "KEY", *(["ITEM"] if named else []), "ATTEMPTS", "GROUP", "ERROR"]
        for label, (name, item) in zip(called, page, strict=True):
            record = failed_item(name, item)
            error = record["error"] or {"type": "Error", "message": "", "fingerprint": ""}
            text = f"{error['type']}: {first_line(error['message'])}"
            own = [first_line(label, 60) if label != item.key else ""] if named else []
            rows.append(
                [name, first_line(item.key, 60), *own, str(record["attempts"]), error["fingerprint"], text],
            )
        print_table(rows if head == header else [head, *rows], right=(head.index("ATTEMPTS"),))
        header = head


@click.command()
@click.argument("step", required=False)
@click.argument("key", required=False)
@run_option
@place_options
@prints
def logs(step: str | None, key: str | None, run: str | None, state_dir: str | None, flow: str | None) -> int:
    """What handlers and commands printed: of the whole run, of STEP, or of the item KEY of STEP."""
    from itertools import islice

    from tui_workflow.errors import UsageError
    from tui_workflow.store import browse
    from tui_workflow.store.runfile import RunFile
    from tui_workflow.text import visible

    path = select_run(run, state_dir, flow)
    say_which(path, run, flow)
    with RunFile(path) as file:
        number = None
        if step is not None:
            steps = list(file.state().steps)
            if step not in steps:
                raise unknown_step(step, steps)
            if key is not None:
                number = browse.item_numbers(file, step, [key]).get(key)
                if number is None:
                    raise UsageError(f"the step {step} has no item {key!r}")
        printed = False
        entries = browse.all_lines(file, step, number)
        while page := list(islice(entries, _PAGE)):
            printed = True
            called = _called(file, page) if number is None else {}
            for entry in page:
                parts = [_clock(entry.at)]
                if step is None:
                    parts.append(visible(entry.step))
                if number is None:
                    parts.append(visible(called.get((entry.step, entry.item), entry.key)) or "-")
                if entry.attempt > 1:
                    parts.append(f"#{entry.attempt}")
                line("  ".join([*parts, visible(entry.text)]))
    if not printed:
        click.echo("Nothing was printed.", err=True)
    return 0


def _called(file: RunFile, lines: list[StoredLine]) -> dict[tuple[str, int], str]:
    """What the items that printed these lines are called, where their keys are only digests."""
    from tui_workflow.facts import labels
    from tui_workflow.store import browse

    mute = {(entry.step, entry.item): entry.key for entry in lines if labels.is_mute(entry.key)}
    found = {}
    for step in {step for step, _ in mute}:
        numbers = sorted(item for name, item in mute if name == step)
        for number, head in browse.heads(file, step, numbers, labels.HEAD).items():
            found[step, number] = labels.label(mute[step, number], head)
    return found


@click.command()
@click.argument("run")
@click.argument("file")
@place_options
@prints
def export(run: str, file: str, state_dir: str | None, flow: str | None) -> int:
    """Write RUN as one self-contained FILE, also while it runs or after a crash."""
    from tui_workflow.errors import StoreIOError, UsageError
    from tui_workflow.store.files import publish, write_new
    from tui_workflow.store.runfile import RunFile

    target = Path(file)
    draft = target.with_name(f".{target.name}.new")
    if target.exists() or target.is_symlink():
        raise UsageError(f"{target} exists already", hint="Name another file, or remove this one first.")
    path = select_run(run, state_dir, flow)
    say_which(path, run, flow)
    with RunFile(path) as source:
        try:
            draft.unlink(missing_ok=True)
            write_new(draft, b"")
            source.export(draft)
            publish(draft, target)
        except FileExistsError:
            raise UsageError(f"{target} exists already") from None
        except OSError as error:
            raise StoreIOError(f"{target} cannot be written: {(error.strerror or str(error)).lower()}") from None
        finally:
            draft.unlink(missing_ok=True)
    return 0


@click.command()
@click.option("--keep", type=click.IntRange(min=0), default=20, show_default=True, metavar="N", help="Runs to keep.")
@place_options
@prints
def gc(keep: int, state_dir: str | None, flow: str | None) -> int:
    """Delete succeeded, failed and cancelled runs but the newest N; never a live, paused or interrupted one."""
    from tui_workflow.errors import UsageError
    from tui_workflow.store.places import delete_run, list_runs, of_flow, sweep
    from tui_workflow.text import grouped, plural, visible

    place = find_place(state_dir, flow)
    found = list_runs(place.home)
    if place.flow is not None:
        found = of_flow(found, place.flow)
    elif flows := several_flows(found):
        raise UsageError(f"{place.home} holds runs of several flows: {flows}", hint="Name one with --flow.")
    ended = [
        run
        for run in found
        if run.state is not None and not run.held and run.state.status in ("succeeded", "failed", "cancelled")
    ]
    deleted = [run for run in ended[keep:] if delete_run(run.file)]
    for run in deleted:
        if run.state is not None:
            line(f"{run.run}  {run.state.status}  {visible(run.state.flow)}")
    sweep(place.home)
    click.echo(f"Deleted {grouped(len(deleted))} of {plural(len(found), 'run')}.", err=True)
    return 0


def _local(at: float | None) -> str:
    """A time for people: local, to the second."""
    from datetime import datetime

    return "" if at is None else datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _clock(at: float) -> str:
    from datetime import datetime

    return datetime.fromtimestamp(at).strftime("%H:%M:%S.%f")[:-3]
