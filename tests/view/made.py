"""Step and run states for the tests of the view, folded from facts as a real run makes them."""

from __future__ import annotations

from collections.abc import Iterable

from tui_workflow.facts import events as ev
from tui_workflow.facts.fingerprint import fingerprint
from tui_workflow.facts.outcome import Ended, ErrorInfo, Outcome
from tui_workflow.facts.state import RunState, StepState, fold

BEGIN = 1_000_000.0


def shape(name: str, *, for_each: bool = True, definition: str = "d1") -> ev.StepShape:
    return ev.StepShape(name, "steps", for_each, (), (), definition)


def error(kind: str, message: str, where: tuple[str, int] | None = None) -> bytes:
    place = where[0] if where else ""
    return ErrorInfo(kind, message, fingerprint(kind, message, place), where=where).encode()


def ended(
    step: str,
    items: Iterable[int],
    *,
    at: float,
    status: Ended = Ended.OK,
    duration: float = 0.5,
    failure: bytes | None = None,
    attempt: int = 1,
    definition: str = "d1",
) -> ev.ItemsEnded:
    outcomes = tuple(
        Outcome(item, attempt, status, at - duration, duration, error=failure if status != Ended.OK else None)
        for item in items
    )
    return ev.ItemsEnded(at, step, 1, definition, 0, outcomes)


def run_of(*shapes: ev.StepShape, flow: str = "process-dataset") -> RunState:
    return fold(
        RunState(),
        [
            ev.RunStarted(BEGIN, "20260131-031231-k3f9", flow, "/data/nightly.yaml", 1, "host"),
            ev.RevisionTaken(BEGIN, 1, shapes),
        ],
    )


def listed(run: RunState, step: str, number: int, *, complete: bool = True) -> StepState:
    """A started step with `number` items."""
    facts: list[ev.Event] = [ev.StepStarted(BEGIN, step, 4), ev.ItemsListed(BEGIN, step, 0, number)]
    if complete:
        facts.append(ev.ListingFinished(BEGIN, step))
    fold(run, facts)
    return run.steps[step]
