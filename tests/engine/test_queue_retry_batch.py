from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_workflow.engine.batch import LARGEST, Tempo, batch_size, overfull, prefetch
from tui_workflow.engine.queue import ItemQueue
from tui_workflow.engine.retry import matches, next_delay
from tui_workflow.engine.verdict import judge, too_many_failures
from tui_workflow.facts.outcome import Ended, ErrorInfo, Outcome
from tui_workflow.facts.state import Item
from tui_workflow.flow.model import OnError, Retry


def error(kind: str = "ValueError", *mro: str, after: float | None = None) -> ErrorInfo:
    return ErrorInfo(kind, "", "", (kind, *(mro or ("Exception",))), retry_after=after)


def test_items_come_in_order_and_returned_ones_first() -> None:
    queue = ItemQueue(bytearray(6), in_order=False)
    assert queue.take(3, 0) == [0, 1, 2]
    queue.put_back(1)
    assert queue.take(2, 0) == [1, 3]
    assert queue.ready() == 2


def test_ended_items_are_passed_over_and_growing_lists_are_seen() -> None:
    states = bytearray([Item.OK, 0, Item.FAILED, 0])
    queue = ItemQueue(states, in_order=False)
    assert queue.take(9, 0) == [1, 3]
    assert queue.empty
    states.extend(b"\0\0")
    assert not queue.empty
    assert queue.take(9, 0) == [4, 5]


def test_waiting_items_start_when_due_and_block_a_step_that_keeps_order() -> None:
    free, ordered = ItemQueue(bytearray(3), in_order=False), ItemQueue(bytearray(3), in_order=True)
    for queue in (free, ordered):
        assert queue.take(1, 0) == [0]
        queue.wait(0, 5.0)
    assert free.take(1, 1.0) == [1]
    assert ordered.take(1, 1.0) == []
    assert ordered.take(2, 5.0) == [0, 1]
    assert free.take(2, 6.0) == [0, 2]


def test_an_attempt_that_is_due_goes_before_what_was_handed_back() -> None:
    states = bytearray(6)
    queue = ItemQueue(states, in_order=False)
    assert queue.take(4, 0) == [0, 1, 2, 3]
    states[3] = Item.RETRYING
    queue.wait(3, 5.0)
    for number in (0, 1):
        queue.put_back(number)
    assert queue.ready() == 4
    assert queue.take_back(1, 4.0) == [0]
    assert queue.take(9, 5.0) == [3, 1, 4, 5]


@pytest.mark.parametrize("before", [False, True])
def test_what_is_due_comes_once_when_the_step_begins_or_ceases_to_keep_order(before: bool) -> None:
    states = bytearray(3)
    queue = ItemQueue(states, in_order=before)
    assert queue.take(3, 0) == [0, 1, 2]
    states[1] = Item.RETRYING
    queue.put_back(0)
    queue.put_back(1)
    queue.keep_order(not before)
    assert queue.take(3, 0) == ([1, 0] if before else [0, 1])
    assert queue.empty


def test_a_skipped_item_does_not_come() -> None:
    states = bytearray(3)
    queue = ItemQueue(states, in_order=False)
    queue.take(3, 0)
    queue.put_back(1)
    states[1] = Item.SKIPPED
    assert queue.empty
    assert queue.take(3, 0) == []


@given(st.lists(st.sampled_from(["take", "back", "grow"]), max_size=60), st.integers(1, 5))
def test_every_item_comes_exactly_once_unless_returned(moves: list[str], count: int) -> None:
    states = bytearray(4)
    queue = ItemQueue(states, in_order=False)
    held: list[int] = []
    for move in moves:
        if move == "take":
            held += queue.take(count, 0)
        elif move == "back" and held:
            queue.put_back(held.pop(0))
        elif move == "grow":
            states.extend(bytes(count))
        assert len(set(held)) == len(held)
    held += queue.take(len(states), 0)
    assert sorted(held) == list(range(len(states)))


@pytest.mark.parametrize(
    ("policy", "tries", "expected"),
    [
        (Retry(max_attempts=1), 1, None),
        (Retry(max_attempts=3, delay=5), 1, 5.0),
        (Retry(max_attempts=3, delay=5), 2, 5.0),
        (Retry(max_attempts=3, delay=5), 3, None),
        (Retry(max_attempts=9, delay=2, backoff=2), 3, 8.0),
        (Retry(max_attempts=99, delay=2, backoff=10, max_delay=60), 50, 60.0),
        (Retry(max_attempts=9999, delay=2, backoff=10), 5000, 300.0),
        (Retry(max_attempts=3, delay=10, jitter=0.5), 1, 12.5),
    ],
)
def test_the_delay_follows_the_policy(policy: Retry, tries: int, expected: float | None) -> None:
    assert next_delay(policy, error(), tries, 0.5) == expected


def test_retry_later_replaces_the_delay_and_ignores_on() -> None:
    policy = Retry(max_attempts=2, delay=5, on=("KeyError",))
    assert next_delay(policy, error(after=33), 1, 0) == 33
    assert next_delay(policy, error(after=33), 2, 0) is None
    assert next_delay(policy, error(), 1, 0) is None


@pytest.mark.parametrize("kind", ["Timeout", "WorkerDied", "OutOfMemory", "SystemExit", "ExitCode"])
def test_exception_covers_the_engines_own_failures(kind: str) -> None:
    assert matches(Retry(), ErrorInfo(kind, "", "", (kind,)))


def test_on_is_matched_along_the_mro_and_by_exit_code() -> None:
    assert matches(Retry(on=("OSError",)), error("TimeoutError", "OSError", "Exception"))
    assert not matches(Retry(on=("OSError",)), error())
    assert matches(Retry(on=("exit:75",)), ErrorInfo("ExitCode", "", "", ("ExitCode", "exit:75")))
    assert not matches(Retry(), ErrorInfo("KeyboardInterrupt", "", "", ("KeyboardInterrupt", "BaseException")))


def test_a_verdict_says_what_each_failure_leads_to() -> None:
    body = error().encode()
    outcomes = [Outcome(n, 1, Ended.FAILED, 0, 0, None, body) for n in (1, 2)] + [Outcome(3, 1, Ended.OK, 0, 0)]
    verdict = judge(outcomes, Retry(max_attempts=2, delay=1), {2: 1}, lambda: 0.0)
    assert [outcome.status for outcome in verdict.outcomes] == [Ended.RETRYING, Ended.FAILED, Ended.OK]
    assert verdict.delays == {1: 1.0}
    assert [item for item, _ in verdict.failed] == [2]


@pytest.mark.parametrize(
    ("most", "failed", "total", "known", "expected"),
    [
        (None, 99, 100, True, False),
        (3, 3, 10, False, False),
        (3, 4, 10, False, True),
        ("5%", 5, 100, True, False),
        ("5%", 6, 100, True, True),
        ("5%", 60, 100, False, False),
        (0, 1, 1, False, True),
    ],
)
def test_max_failures(most: int | str | None, failed: int, total: int, known: bool, expected: bool) -> None:
    assert too_many_failures(OnError(max_failures=most), failed, total, known) is expected


def test_a_batch_is_about_fifty_milliseconds() -> None:
    tempo = Tempo()
    assert batch_size(tempo, None, 1000, False, 4) == 1
    tempo.learn(0.01, 10)
    assert batch_size(tempo, None, 1000, False, 4) == 50
    assert batch_size(tempo, None, 40, False, 4) == 5
    assert batch_size(tempo, None, 40, True, 4) == 50
    assert batch_size(tempo, 7, 1000, False, 4) == 7
    assert prefetch(tempo)
    slow = Tempo(2.0)
    assert batch_size(slow, None, 1000, True, 4) == 1
    assert not prefetch(slow)
    assert batch_size(Tempo(0.0), None, 10**6, True, 1) == LARGEST


def test_a_batch_that_turns_out_to_be_minutes_is_not_kept() -> None:
    assert not overfull(2048, 1e-5)
    assert overfull(2048, 0.05)
    assert not overfull(4, 0.05)
    assert not overfull(1, 60.0)  # it has begun: there is nothing to hand back
