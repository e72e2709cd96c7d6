"""The one fold: facts in, state out. Engine, screen, resume and tests all read the state that this module makes.

Law: folding the facts of a live run, and folding what its run file holds, give equal states.
State per item is two bytes (state, definition), never an object; failed items have a little more.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from operator import add, itemgetter
from typing import NamedTuple, assert_never

from tui_workflow.facts import events as ev
from tui_workflow.facts.fingerprint import common
from tui_workflow.facts.outcome import Ended, ErrorInfo, Outcome, statuses


class Item(IntEnum):
    """The state of an item, one byte in `StepState.states`."""

    PENDING = 0
    OK = 1
    FAILED = 2
    SKIPPED = 3
    RETRYING = 4
    """Failed and waiting for its next attempt; counts as pending."""
    GONE = 5
    """An earlier listing had it, the latest has not; in no count."""


@dataclass(slots=True)
class Group:
    """Failures of one step with one fingerprint. `count` are those that are failed now."""

    fingerprint: str
    type: str
    message: str
    """What the messages have in common, `…` where they differ: of one item, its own. A
    group begins anew with it when none of its items is failed any more."""
    where: tuple[str, int] | None
    count: int = 0
    last_at: float = 0.0
    trend: Counter[int] = field(default_factory=Counter)
    """Failures by ten seconds of Unix time, kept for the latest 64 such spans."""


_EDGES = [0.0001 * 2.0 ** (index / 10) for index in range(1, 300)]
"""Where the duration classes of `Pace` end: ten to a doubling, from 0.1 ms to more than a day."""


@dataclass(slots=True)
class Pace:
    """How long items take and how many end, cheap enough to keep for every item.

    By class of durations, `durations` counts attempts and `seconds` adds up how long they took; `ended` counts items that
    ended by ten seconds of Unix time, for the latest 64 such spans.
    """

    durations: Counter[int] = field(default_factory=Counter)
    seconds: defaultdict[int, float] = field(default_factory=lambda: defaultdict(float))
    ended: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    slowest_item: int = -1

    def percentile(self, share: float) -> float | None:
        """Seconds within which `share` (0 to 1) of the attempts ended, to within 8 % from 0.1 ms on; None without any.

        Of a class of durations the mean of those in it is told: its edges and its middle are no attempt's, and where all
        take the same it is that.
        """
        total = sum(self.durations.values())
        if not total:
            return None
        seen = 0
        for place in sorted(self.durations):
            seen += self.durations[place]
            if seen >= share * total:
                return min(self.seconds[place] / self.durations[place], self.slowest)
        return self.slowest


class Rest(NamedTuple):
    """A pause of the run while a step ran, or a change of its slots, in Unix time: of what was before nothing follows at once
    about what comes after it.

    `ended_before` is as in `StepState`, for the end of the pause. `slots` are those before; a change takes no time.
    """

    begin: float
    end: float
    ended_before: int
    slots: int


@dataclass(slots=True)
class StepState:
    """One step as the facts so far make it."""

    shape: ev.StepShape
    status: ev.StepStatus = "pending"
    reason: str = ""
    error: bytes | None = None
    started: float | None = None
    """When the period of running began that `elapsed` does not hold yet; None while the step is pending again."""
    began: float | None = None
    """When it was started last, kept when it is interrupted or reopened: a step that has run at all has it."""
    ended_before: int = 0
    """Of the items that `pace` counts for the ten seconds in which it was started, those that had ended before."""
    rests: list[Rest] = field(default_factory=list)
    """The pauses since it was started that are over, and its changes of slots, by their ends."""
    resting: float | None = None
    """Since when the run has been paused while the step runs; None when it is not."""
    rested: float = 0.0
    """Seconds of pauses that are over, of all periods of running."""
    finished: float | None = None
    elapsed: float = 0.0
    """Seconds of earlier periods of running, before the step was reopened or interrupted."""
    slots: int = 0
    again: bool = False
    """It is running, and will run once more when it has finished."""
    outdated: bool = False
    """It is running, and was told to read what has changed since: what it makes until it is started again is stale."""
    total_known: bool = False
    listed_by: str | None = None
    """The templates that made the keys of the latest listing (`flow.graph.keyed_by`), None while there is none."""
    states: bytearray = field(default_factory=bytearray)
    made_by: bytearray = field(default_factory=bytearray)
    """By item, the place in `definitions` of the definition that made its outcome."""
    definitions: list[str] = field(default_factory=list)
    succeeded: int = 0
    failed: int = 0
    skipped: int = 0
    retrying: int = 0
    gone: int = 0
    attempts: int = 0
    stale: int = 0
    tries: dict[int, int] = field(default_factory=dict)
    """By item that has failed: attempts made since they were last granted anew."""
    attempts_of: dict[int, int] = field(default_factory=dict)
    """By item that has failed or ran more than once: attempts made in all."""
    retry_at: dict[int, float] = field(default_factory=dict)
    failures: dict[int, int] = field(default_factory=dict)
    """By failed item, the place of its group in `groups`."""
    groups: list[Group] = field(default_factory=list)
    by_revision: Counter[tuple[int, int]] = field(default_factory=Counter)
    """Attempts that ended, by (revision, Ended)."""
    pace: Pace = field(default_factory=Pace)

    @property
    def name(self) -> str:
        return self.shape.name

    @property
    def stale_to_run(self) -> int:
        """The stale items that run again when all stale ones are asked for: a step with `rerun: false` is asked for by name."""
        return self.stale if self.shape.rerun else 0

    @property
    def total(self) -> int:
        """Items listed so far that the latest listing still has."""
        return len(self.states) - self.gone

    @property
    def done(self) -> int:
        return self.succeeded + self.failed + self.skipped

    @property
    def waiting(self) -> int:
        """Items that have not ended: pending, retrying and running ones together."""
        return self.total - self.done

    def duration(self, now: float | None = None) -> float | None:
        """Seconds the step has run, to its end or to `now`; None before its start."""
        if self.started is None:
            return self.elapsed or None
        end = self.finished if self.finished is not None else now
        return self.elapsed + (max(0.0, end - self.started) if end is not None else 0.0)

    def active(self, now: float) -> float | None:
        """Seconds of its `duration` in which the run was not paused: those in which items could start."""
        seconds = self.duration(now)
        if seconds is None:
            return None
        return max(0.0, seconds - self.rested - (max(0.0, now - self.resting) if self.resting is not None else 0.0))


@dataclass(slots=True)
class RunState:
    """A run as the facts so far make it. `version` grows with every fold, so a painter knows whether to paint."""

    run: str = ""
    flow: str = ""
    path: str = ""
    status: ev.RunStatus = "running"
    reason: str = ""
    revision: int = 0
    started: float | None = None
    finished: float | None = None
    finished_before: float | None = None
    """When it had finished, while nothing has run since it was taken up again: to look at a run does not make it younger."""
    resumed: float | None = None
    """When the present process took the run up."""
    elapsed: float = 0.0
    """Seconds of earlier periods of running."""
    paused: bool = False
    draining: bool = False
    rejected: ev.ReloadRejected | None = None
    steps: dict[str, StepState] = field(default_factory=dict)
    removed: dict[str, StepState] = field(default_factory=dict)
    """Steps that an edit took out of the run: one that comes back has its items, under their numbers, and its outcomes."""
    pid: int = 0
    host: str = ""
    last_at: float = 0.0
    version: int = 0

    @property
    def failed(self) -> int:
        """Items that are failed, of all steps."""
        return sum(step.failed for step in self.steps.values())

    @property
    def waiting(self) -> int:
        """Items that have not ended, of all steps."""
        return sum(step.waiting for step in self.steps.values())

    def duration(self, now: float | None = None) -> float:
        """Seconds the run has run, interruptions not counted."""
        if self.resumed is None:
            return self.elapsed
        return self.elapsed + max(0.0, (now if now is not None else self.last_at) - self.resumed)


def fold(state: RunState, facts: Iterable[ev.Event]) -> RunState:
    """Apply facts in order, in place; returns the state it was given."""
    for fact in facts:
        if isinstance(fact, ev.StepPrinted):
            continue  # it is text for the log and nothing to count
        step = getattr(fact, "step", None)
        if step is not None and step not in state.steps:
            continue  # an edit took the step out of the run while the fact was on its way
        _apply(state, fact)
        state.last_at = max(state.last_at, fact.at)
        state.version += 1
    return state


def _apply(run: RunState, fact: ev.Event) -> None:
    match fact:
        case ev.ItemsEnded():
            _items_ended(run.steps[fact.step], fact)
        case ev.ItemsListed():
            step = run.steps[fact.step]
            step.states.extend(bytes(fact.count))
            step.made_by.extend(bytes(fact.count))
        case ev.ItemsMoved() | ev.StepPrinted():
            pass
        case ev.ListingFinished():
            _listing_finished(run.steps[fact.step], fact)
        case ev.ItemsQueued():
            step = run.steps[fact.step]
            for item in fact.items:
                if step.states[item] == Item.OK:
                    step.attempts_of.setdefault(item, 1)
                _unsettle(step, item)
                step.states[item] = Item.PENDING
                step.tries.pop(item, None)
        case ev.ItemsOutdated():
            step = run.steps[fact.step]
            _outdate(step)
            step.outdated = step.status == "running"
        case ev.StepStarted():
            step = run.steps[fact.step]
            run.finished_before = None
            step.status, step.reason, step.error = "running", "", None
            step.started, step.finished, step.slots = fact.at, None, fact.slots
            step.began, step.outdated = fact.at, False
            step.ended_before = step.pace.ended.get(int(fact.at) // 10, 0)
            step.rests.clear()
            step.resting = fact.at if run.paused else None
        case ev.SlotsChanged():
            step = run.steps[fact.step]
            if step.slots != fact.slots and step.status == "running" and step.started is not None:
                _rest(step, fact.at, fact.at)
            step.slots = fact.slots
        case ev.StepReopened():
            step = run.steps[fact.step]
            run.finished_before = None
            if fact.relist and step.shape.for_each:
                step.total_known = False
            if step.status == "running":
                step.again = True
            else:
                _reopen(step, fact.at, fact.reason)
        case ev.StepFinished():
            step = run.steps[fact.step]
            step.status, step.reason, step.error = fact.status, fact.reason, fact.error
            step.finished = fact.at if step.started is not None else None
            _stop_resting(step, fact.at)
            if step.again:
                _reopen(step, fact.at, "")
        case ev.RunStarted():
            run.run, run.flow, run.path = fact.run, fact.flow, fact.path
            run.pid, run.host, run.status = fact.pid, fact.host, "running"
            run.started = run.resumed = fact.at
        case ev.RunResumed():
            _interrupt(run)
            run.pid, run.host, run.status, run.reason = fact.pid, fact.host, "running", ""
            run.finished_before = run.finished
            run.resumed, run.finished, run.paused, run.draining = fact.at, None, False, False
        case ev.RevisionTaken():
            _take_revision(run, fact)
        case ev.ReloadRejected():
            run.rejected = fact
        case ev.Paused():
            for step in run.steps.values():
                if step.status == "running" and step.resting is None:
                    step.resting = fact.at
            run.paused, run.status, run.reason = True, "paused", fact.reason
        case ev.Unpaused():
            for step in run.steps.values():
                if step.resting is not None:
                    _rest(step, step.resting, fact.at)
                    _stop_resting(step, fact.at)
            run.paused, run.status, run.reason = False, "running", ""
        case ev.Draining():
            run.draining = True
        case ev.RunFinished():
            run.last_at = max(run.last_at, fact.at)
            _interrupt(run)
            run.status, run.reason = fact.status, fact.reason
            run.finished = fact.at if run.finished_before is None else run.finished_before
            run.finished_before = None
            run.resumed, run.paused, run.draining = None, False, False
        case _:
            assert_never(fact)


def _rest(step: StepState, begin: float, end: float) -> None:
    step.rests.append(Rest(begin, end, step.pace.ended.get(int(end) // 10, 0), step.slots))


def _stop_resting(step: StepState, at: float) -> None:
    if step.resting is not None:
        step.rested += max(0.0, at - step.resting)
        step.resting = None


def _interrupt(run: RunState) -> None:
    """Close the period of running that is open, at the last fact known of it: nobody was there afterwards."""
    if run.resumed is not None:
        run.elapsed += max(0.0, run.last_at - run.resumed)
    for step in run.steps.values():
        if step.status == "running":
            _stop_clock(step, run.last_at)
            step.status = "pending"


def _reopen(step: StepState, at: float, reason: str) -> None:
    _stop_clock(step, at)
    step.status, step.reason, step.error, step.finished, step.again = "pending", reason, None, None, False
    if not step.shape.for_each and step.states and step.states[0]:
        # A plain step runs as a whole, so reopening it queues its one item.
        step.attempts_of.setdefault(0, 1)
        _unsettle(step, 0)
        step.states[0] = Item.PENDING
        step.tries.pop(0, None)


def _stop_clock(step: StepState, at: float) -> None:
    _stop_resting(step, at)
    if step.started is not None:
        step.elapsed += max(0.0, (step.finished if step.finished is not None else at) - step.started)
        step.started = None


def _take_revision(run: RunState, fact: ev.RevisionTaken) -> None:
    run.revision, run.rejected = fact.revision, None
    steps = {}
    for shape in fact.steps:
        step = run.steps.get(shape.name) or run.removed.pop(shape.name, None) or StepState(shape)
        if step.shape.for_each != shape.for_each:
            # Its items stay, since the run file has them under their numbers; the next listing says which still count.
            _put_back(step, fact.at)
            step.total_known = False
        step.shape = shape
        if shape.definition not in step.definitions:
            step.definitions.append(shape.definition)
        current = step.definitions.index(shape.definition)
        step.stale = (
            sum(1 for item, made in enumerate(step.made_by) if made != current and step.states[item] == Item.OK)
            if len(step.definitions) > 1
            else 0
        )
        steps[shape.name] = step
    for name, step in run.steps.items():
        if name not in steps:
            _put_back(step, fact.at)
            run.removed[name] = step
    run.steps = steps


def _put_back(step: StepState, at: float) -> None:
    """A step that was running is no longer: an edit took away what it ran by."""
    if step.status == "running":
        _stop_clock(step, at)
        step.status = "pending"
    step.again = False


def _listing_finished(step: StepState, fact: ev.ListingFinished) -> None:
    for item in fact.gone:
        if step.states[item] != Item.GONE:
            _unsettle(step, item)
            step.states[item] = Item.GONE
            step.gone += 1
    step.total_known = True
    step.listed_by = fact.key


OUTDATED = ""
"""Among `StepState.definitions`: made of results that have changed since, whatever the definition was."""
_IS_OK = bytes(0xFF if state == Item.OK else 0 for state in range(256))


def _outdate(step: StepState) -> None:
    if OUTDATED not in step.definitions:
        step.definitions.append(OUTDATED)
    mark = step.definitions.index(OUTDATED)
    # All items at once, as one long number: a loop over a million would hold up the screen.
    done = int.from_bytes(step.states.translate(_IS_OK), "little")
    before, after = (int.from_bytes(text, "little") for text in (step.made_by, bytes((mark,)) * len(step.made_by)))
    step.made_by[:] = (before ^ ((before ^ after) & done)).to_bytes(len(step.made_by), "little")
    step.stale = step.succeeded


def _unsettle(step: StepState, item: int) -> None:
    """Take an item out of the counts of its present state."""
    match step.states[item]:
        case Item.OK:
            step.succeeded -= 1
            if step.definitions[step.made_by[item]] != step.shape.definition:
                step.stale -= 1
        case Item.FAILED:
            step.failed -= 1
            step.groups[step.failures.pop(item)].count -= 1
        case Item.SKIPPED:
            step.skipped -= 1
        case Item.RETRYING:
            step.retrying -= 1
            step.retry_at.pop(item, None)
        case Item.GONE:
            step.gone -= 1


_LATEST = 64


def _items_ended(step: StepState, fact: ev.ItemsEnded) -> None:
    made_by_definition = OUTDATED if step.outdated else fact.definition
    if made_by_definition not in step.definitions:
        step.definitions.append(made_by_definition)
    definition = step.definitions.index(made_by_definition)
    current = made_by_definition == step.shape.definition
    states, made_by, pace, ended = step.states, step.made_by, step.pace, step.pace.ended
    if _all_new_and_well(step, fact.outcomes):
        _items_succeeded(step, fact, definition, stale=not current)
        return
    tally = [0, 0, 0, 0, 0]
    next_at = fact.next_at or {}
    for outcome in fact.outcomes:
        item, status = outcome.item, outcome.status
        before = states[item]
        if before:
            _unsettle(step, item)
        made_by[item] = definition
        duration = outcome.duration
        if status == Ended.OK:
            states[item] = Item.OK
            step.succeeded += 1
            if not current:
                step.stale += 1
            if step.tries:
                step.tries.pop(item, None)
        elif status == Ended.SKIPPED:
            states[item] = Item.SKIPPED
            step.skipped += 1
        else:
            step.tries[item] = step.tries.get(item, 0) + 1
            if status == Ended.RETRYING:
                states[item] = Item.RETRYING
                step.retrying += 1
                step.retry_at[item] = next_at.get(item, fact.at)
            else:
                states[item] = Item.FAILED
                step.failed += 1
                _file_failure(step, item, outcome.error, outcome.started + duration)
        tally[status] += 1
        if outcome.attempt:
            step.attempts += 1
            if outcome.attempt > 1 or status != Ended.OK:
                step.attempts_of[item] = max(outcome.attempt, step.attempts_of.get(item, 0))
            if duration > pace.slowest:
                pace.slowest, pace.slowest_item = duration, item
            place = bisect_right(_EDGES, duration)
            pace.durations[place] += 1
            pace.seconds[place] += duration
        if status != Ended.RETRYING:
            ended[int(outcome.started + duration) // 10] += 1
    for kind, count in enumerate(tally):
        if count:
            step.by_revision[fact.revision, kind] += count
    _forget_old(ended)


_ITEM, _ATTEMPT, _STARTED, _DURATION = map(itemgetter, (0, 1, 3, 4))


def _all_new_and_well(step: StepState, outcomes: Sequence[Outcome]) -> bool:
    """Whether these are first attempts of pending items, all of which succeeded: what nearly all facts tell."""
    states = step.states
    return (
        not step.tries
        and statuses(outcomes) == {Ended.OK}
        and set(map(_ATTEMPT, outcomes)) == {1}
        and not any(map(states.__getitem__, map(_ITEM, outcomes)))
    )


def _items_succeeded(step: StepState, fact: ev.ItemsEnded, definition: int, *, stale: bool) -> None:
    """What `_items_ended` comes to for outcomes of which nothing is to be said but how long they took."""
    outcomes, count, pace = fact.outcomes, len(fact.outcomes), step.pace
    states, made_by, classes, seconds, edges = step.states, step.made_by, pace.durations, pace.seconds, _EDGES
    items = list(map(_ITEM, outcomes))
    first = items[0]
    if items == list(range(first, first + count)):
        states[first : first + count] = bytes((Item.OK,)) * count
        made_by[first : first + count] = bytes((definition,)) * count
    else:
        for item in items:
            states[item] = Item.OK
            made_by[item] = definition
    step.succeeded += count
    step.attempts += count
    if stale:
        step.stale += count
    step.by_revision[fact.revision, Ended.OK] += count
    durations = list(map(_DURATION, outcomes))
    for duration in durations:
        place = bisect_right(edges, duration)
        classes[place] += 1
        seconds[place] += duration
    longest = max(durations)
    if longest > pace.slowest:
        pace.slowest, pace.slowest_item = longest, items[durations.index(longest)]
    ends = list(map(add, map(_STARTED, outcomes), durations))
    span = int(min(ends)) // 10
    if span == int(max(ends)) // 10:
        pace.ended[span] += count
    else:
        pace.ended.update(int(end) // 10 for end in ends)
    _forget_old(pace.ended)


def _file_failure(step: StepState, item: int, error: bytes | None, at: float) -> None:
    info = ErrorInfo.decode(error) if error else ErrorInfo("Error", "", "00000000")
    message = info.message.split("\n", 1)[0][:500]
    place = next((n for n, group in enumerate(step.groups) if group.fingerprint == info.fingerprint), len(step.groups))
    if place == len(step.groups):
        step.groups.append(Group(info.fingerprint, info.type, message, info.where))
    group = step.groups[place]
    if not group.count:
        group.message, group.where = message, info.where
    elif message != group.message:
        group.message = common(group.message, message)
    group.count += 1
    group.last_at = max(group.last_at, at)
    group.trend[int(at) // 10] += 1
    _forget_old(group.trend)
    step.failures[item] = place


def _forget_old(spans: Counter[int]) -> None:
    if len(spans) > 2 * _LATEST:
        for span in sorted(spans)[:-_LATEST]:
            del spans[span]
