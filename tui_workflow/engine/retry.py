"""Whether a failed attempt is followed by another, and when. Pure: chance and time are given."""

from __future__ import annotations

from tui_workflow.facts.outcome import ErrorInfo
from tui_workflow.flow.model import Retry

_COVERED = frozenset({"Timeout", "WorkerDied", "OutOfMemory", "SystemExit", "ExitCode", "RetryLater"})
"""Failures that `Exception` stands for although they do not derive from it."""


def matches(policy: Retry, error: ErrorInfo) -> bool:
    """True if the policy's `on` names the error's class, one of its bases, or its exit code."""
    names = {error.type, *error.mro}
    if names.intersection(policy.on):
        return True
    return bool({"Exception", "BaseException"}.intersection(policy.on)) and bool(names & _COVERED)


def next_delay(policy: Retry, error: ErrorInfo, tries: int, chance: float) -> float | None:
    """Seconds until the next attempt, or None if there is none.

    `tries` counts the attempts made since they were last granted, this one included. The n-th delay is
    `delay × backoff^(n-1)`, at most `max_delay`, plus up to the fraction `jitter` of itself (`chance` is in 0 to 1).
    `RetryLater` replaces the delay and ignores `on`; it still uses an attempt.
    """
    if tries >= policy.max_attempts:
        return None
    if error.retry_after is not None:
        return max(0.0, error.retry_after)
    if not matches(policy, error):
        return None
    try:
        delay = min(policy.max_delay, policy.delay * policy.backoff ** (tries - 1))
    except OverflowError:
        delay = policy.max_delay
    return max(0.0, delay * (1 + policy.jitter * chance))
