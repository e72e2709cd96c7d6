"""What attempts and failures lead to: another attempt, a failed item, how the step ends. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tui_workflow.engine.retry import next_delay
from tui_workflow.facts.events import StepStatus
from tui_workflow.facts.fingerprint import fingerprint
from tui_workflow.facts.outcome import Ended, ErrorInfo, Outcome
from tui_workflow.facts.state import Item, StepState
from tui_workflow.flow.model import OnError, Retry, Step
from tui_workflow.text import plural


def own_error(kind: str, message: str, mro: tuple[str, ...] = ()) -> ErrorInfo:
    """An error that the engine finds by itself, not a worker."""
    return ErrorInfo(kind, message, fingerprint(kind, message), mro or (kind,))


@dataclass(frozen=True, slots=True)
class Verdict:
    """`delays` holds seconds until the next attempt by item; `failed` the items for which there is none, with the error."""

    outcomes: tuple[Outcome, ...]
    delays: dict[int, float]
    failed: list[tuple[int, ErrorInfo]]


def judge(outcomes: Sequence[Outcome], policy: Retry, tries: Mapping[int, int], chance: Callable[[], float]) -> Verdict:
    """Give each failed attempt its status: RETRYING if another follows, FAILED if not. `tries` are those before it."""
    judged: list[Outcome] = []
    delays: dict[int, float] = {}
    failed: list[tuple[int, ErrorInfo]] = []
    for outcome in outcomes:
        if outcome.status == Ended.FAILED:
            error = ErrorInfo.decode(outcome.error) if outcome.error else ErrorInfo("Error", "", "00000000")
            delay = next_delay(policy, error, tries.get(outcome.item, 0) + 1, chance())
            if delay is None:
                failed.append((outcome.item, error))
            else:
                delays[outcome.item] = delay
                outcome = outcome._replace(status=Ended.RETRYING)
        judged.append(outcome)
    return Verdict(tuple(judged), delays, failed)


def too_many_failures(policy: OnError, failed: int, total: int, total_known: bool) -> bool:
    """True if more items failed than `max_failures` allows; a share is judged once the listing is complete."""
    most = policy.max_failures
    if most is None:
        return False
    if isinstance(most, str):
        return total_known and total > 0 and failed * 100 > float(most.rstrip("% ")) * total
    return failed > most


def bound(policy: OnError, *, further: bool) -> str:
    """What `max_failures` does not allow, in words: `more than 5 items`, or with `further` that many on top of others."""
    most = policy.max_failures
    if isinstance(most, str):
        return f"more than {'a further ' if further else ''}{most.rstrip('% ')} % of the items"
    return f"more than {plural(most or 0, 'further item' if further else 'item')}"


class Ending(NamedTuple):
    """How a step ends: the reason in a line, and the error of a step that failed by itself."""

    status: StepStatus
    reason: str = ""
    error: bytes | None = None


def ending(state: StepState, step: Step, refused: ErrorInfo | None, failing: str) -> Ending:
    """How a step ends of which nothing is left to run. `refused` says why it could not go on, `failing` why no item was to start."""
    if refused is not None:
        return Ending("failed", f"{refused.type}: {refused.message}".split("\n", 1)[0][:300], refused.encode())
    if failing:
        return Ending("failed", failing)
    if not state.shape.for_each and state.states and state.states[0] == Item.SKIPPED:
        return Ending("skipped", state.reason)
    if state.failed and (not state.shape.for_each or step.on_error.action == "fail"):
        group = next(group for group in state.groups if group.count)
        return Ending("failed", f"{group.type}: {group.message}"[:300])
    return Ending("succeeded")
