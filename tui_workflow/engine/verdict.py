"""What a failed attempt leads to: another one, a failed item, a failed step. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tui_workflow.engine.retry import next_delay
from tui_workflow.facts.outcome import Ended, ErrorInfo, Outcome
from tui_workflow.flow.model import OnError, Retry


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
