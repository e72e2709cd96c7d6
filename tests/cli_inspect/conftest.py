from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.store.facts import listed, shape
from tui_workflow import values
from tui_workflow.facts import events as ev
from tui_workflow.facts.fingerprint import fingerprint
from tui_workflow.facts.outcome import Ended, ErrorInfo, Outcome
from tui_workflow.store.files import make_state_dir
from tui_workflow.store.journal import Journal
from tui_workflow.store.meta import RunMeta

AT = 1_800_000_000.0


def run_id(number: int) -> str:
    return f"20270115-08{number:04}-aaaa"


async def make_run(
    folder: Path, number: int = 0, *, flow: str = "demo.yaml", status: ev.RunStatus | None = "failed", n: int = 3
) -> Path:
    """A run with a plain step, a step of ten items of which two failed and one was skipped, and a step that waits."""
    home = folder / ".wf-tui"
    make_state_dir(home)
    run, path = run_id(number), os.path.realpath(folder / flow)
    meta = RunMeta(
        run,
        flow.removesuffix(".yaml"),
        path,
        {"n": values.encode(n), "when": values.encode((1, 2)), "long": values.encode("x" * 70_000)},
        ("token",),
    )
    at = AT + number
    shapes = (shape("load", for_each=False), shape("work", needs=("load",)), shape("report", for_each=False))
    facts: list[ev.Event] = [
        ev.RunStarted(at, run, meta.flow, path, 1, "here"),
        ev.RevisionTaken(at, 1, shapes),
        ev.StepStarted(at, "load", 1),
        ev.ItemsListed(at, "load", 0, 1, (ev.ListedItem(0, "load", 0, b"null"),)),
        ev.ItemsEnded(at, "load", 1, "d1", 0, (Outcome(0, 1, Ended.OK, at, 0.5, values.encode({"\x1b": (1, 2)})),)),
        ev.StepFinished(at + 1, "load", "succeeded"),
        ev.StepStarted(at + 1, "work", 2),
        listed(0, 10, at=at + 1),
        ev.ListingFinished(at + 1, "work"),
        ev.ItemsEnded(at + 2, "work", 1, "d1", 0, tuple(outcome(n, at) for n in range(10))),
        ev.StepFinished(at + 3, "work", "failed", "2 items failed"),
    ]
    if status is not None:
        facts.append(ev.RunFinished(at + 4, status, "work failed"))
    async with Journal.create(home / "runs" / f"{run}.db", meta) as journal:
        journal.add_revision(1, at, path, b"steps: {}")
        journal.append(facts)
    return home / "runs" / f"{run}.db"


def outcome(number: int, at: float) -> Outcome:
    log = f"0\thello \u202e {number}\n1500\t\x1b[31mred\n".encode()
    if number in (3, 7):
        message = f"bad row {number}\nmore \x1b]52;c;AA\x07"
        kind = ErrorInfo(
            "ValueError", message, fingerprint("ValueError", message), traceback="Traceback", where=("h.py", 4)
        )
        return Outcome(number, 2, Ended.FAILED, at, 0.2, None, kind.encode(), log)
    if number == 5:
        return Outcome(number, 0, Ended.SKIPPED, at, 0.0, None, ErrorInfo("Skipped", "not today", "00000000").encode())
    return Outcome(number, 1, Ended.OK, at, 0.2, values.encode((number, None)), None, log if number == 1 else None)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WF_TUI_STATE_DIR", raising=False)
    (tmp_path / "demo.yaml").write_text("steps: {}\n")
    return tmp_path
