"""Retrying and skipping: which items a wish reaches, which steps run again for it, and the sentence that says so."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

from tui_workflow.engine.decide import ENDED
from tui_workflow.engine.following import outdate, reopen_readers
from tui_workflow.facts import events as ev
from tui_workflow.facts.commands import Progress, Reply, RetryItems, RetryStep, SkipItems
from tui_workflow.facts.fingerprint import fingerprint
from tui_workflow.facts.outcome import Ended, ErrorInfo, Outcome
from tui_workflow.facts.state import Item, StepState
from tui_workflow.flow.graph import readers
from tui_workflow.text import grouped, plural

if TYPE_CHECKING:
    from tui_workflow.engine.engine import Engine

PORTION = 2000
"""Items of a wish that are recorded at once; the event loop is free, and the wish can be stopped, between two portions."""
_SETTLED = bytes((Item.OK, Item.FAILED, Item.SKIPPED))


@dataclass(slots=True)
class Came:
    """What a wish for items has come to: how many were queued or skipped, and why others were not."""

    reached: int = 0
    running: int = 0
    copies: int = 0
    done: int = 0
    whole: tuple[str, ...] = ()
    reruns: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    """Files that had changed since workers loaded them."""

    def add(self, other: Came) -> None:
        self.reached += other.reached
        self.running += other.running
        self.copies += other.copies
        self.done += other.done
        self.whole += other.whole
        self.reruns = tuple(dict.fromkeys((*self.reruns, *other.reruns)))
        self.changed = tuple(dict.fromkeys((*self.changed, *other.changed)))


class Wishes:
    """Turns a wish of a person into facts."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def carry_out(self, command: RetryItems | RetryStep | SkipItems) -> Reply:
        """Record what the wish comes to."""
        match command:
            case RetryItems():
                return self._retried(self._retry_items(command), "")
            case RetryStep():
                return self._retry_step(command.step)
            case SkipItems():
                return _skipped(self._skip(command), "")
            case _:
                assert_never(command)

    async def in_portions(self, command: RetryItems | RetryStep | SkipItems, progress: Progress) -> Reply:
        """Record what the wish comes to, a portion at a time, each committed before the next; the reply counts them all.

        No step is started meanwhile, so what follows runs once and reads all of it. What has not been reached when
        `progress.stopped` is set, or when the run ends, stays as it was.
        """
        if isinstance(command, RetryStep):
            return await self._step_in_portions(command.step, progress)
        meant = self._meant(command)
        came, left, why = Came(), sum(len(items) for _, items in meant), ""
        begun: set[str] = set()
        with self._engine.gathering():
            for name, portion in _portions(meant):
                why = self._ended_early(name, progress, begun=bool(begun))
                if why:
                    break
                if isinstance(command, RetryItems):
                    part = replace(command, step=name, items=portion, group=None)
                    came.add(self._retry_items(part, first=name not in begun))
                else:
                    came.add(self._skip(replace(command, items=portion)))
                begun.add(name)
                await self._engine.recorded()
                progress.done += len(portion)
                progress.reached += portion
                left -= len(portion)
            if isinstance(command, RetryItems) and command.items is None and not why:
                came.add(self._retry_items(replace(command, items=())))  # steps that failed as a whole
        rest = f", {grouped(left)} not: {why}" if left else ""
        return self._retried(came, rest) if isinstance(command, RetryItems) else _skipped(came, rest)

    def _retried(self, came: Came, rest: str) -> Reply:
        return _retried(came, rest + loaded_again(came.changed, self._engine.options.flow_dir))

    def _ended_early(self, step: str, progress: Progress, *, begun: bool) -> str:
        """Why no further portion is recorded; "" if one may be."""
        if progress.stopped:
            return "stopped"
        if step not in self._engine.state.steps:
            return "the step is gone"  # an edit took it away meanwhile
        return "the run ended" if begun and self._engine.finishing else ""

    def _meant(self, command: RetryItems | SkipItems) -> list[tuple[str, tuple[int, ...]]]:
        """The items that a wish is about, by step."""
        state = self._engine.state
        steps = [state.steps[command.step]] if command.step is not None else list(state.steps.values())
        if command.items is not None:
            return [(step.name, command.items) for step in steps]
        assert isinstance(command, RetryItems)
        found = (
            (step.name, tuple(_stale_to_run(command, step) if command.stale else failed_items(step, command.group)))
            for step in steps
        )
        return [(name, items) for name, items in found if items]

    async def _step_in_portions(self, name: str, progress: Progress) -> Reply:
        if self._engine.state.steps[name].status not in ENDED:
            return self._retry_step(name)
        names = self._again(name)
        progress.total = sum(self._engine.state.steps[each].total for each in names if self._is_loop(each))
        why = ""
        with self._engine.gathering():
            again, facts = self._begin_again(name, names)
            changed = self._engine.renew_workers()
            self._engine.record([*self._resumed(), *facts])
            for queued in self._settled(names):
                self._engine.record([queued])
                await self._engine.recorded()
                progress.done += len(queued.items)
                why = self._ended_early(name, progress, begun=True)
                if why:
                    break
        rest = f"; {plural(progress.total - progress.done, 'item does', 'items do')} not: {why}" if why else ""
        rest += loaded_again(changed, self._engine.options.flow_dir)
        return Reply(f"{_runs_again(again)}{rest}", progress.done, tuple(again[1:]))

    def _retry_items(self, command: RetryItems, *, first: bool = True) -> Came:
        """Queue items; `first` is false for the later portions of one wish, which tell the steps that follow only at need."""
        state = self._engine.state
        steps = [state.steps[command.step]] if command.step is not None else list(state.steps.values())
        chosen: dict[str, tuple[int, ...]] = {}
        running = done = copies = 0
        broken = [step for step in steps if step.status == "failed" and not step.failed]
        for step in steps:
            wanted: Iterable[int]
            if command.items is not None:
                wanted = command.items
            elif command.stale:
                wanted = _stale_to_run(command, step)
            else:
                wanted = failed_items(step, command.group)
            picked = []
            for item in wanted:
                if self._engine.in_flight(step.name, item):
                    running += 1
                elif step.states[item] == Item.FAILED and item not in step.attempts_of:
                    copies += 1
                elif step.states[item] in (Item.FAILED, Item.RETRYING, Item.SKIPPED) or (
                    command.stale and step.states[item] == Item.OK
                ):
                    picked.append(item)
                else:
                    done += 1
            if picked:
                chosen[step.name] = tuple(picked)
        whole = [step.name for step in broken] if not command.items and command.group is None else []
        if not chosen and not whole:
            return Came(0, running, copies, done)
        facts: list[ev.Event] = []
        now = self._engine.now()
        for name, items in chosen.items():
            facts.append(ev.ItemsQueued(now, name, items, "stale" if command.stale else "retry"))
        needed = first or any(self._has_ended(name) for name in chosen)
        again = self._reopen([*chosen, *whole], whole) if needed else []
        changed = self._engine.renew_workers() if first else ()
        self._engine.record([*self._resumed(), *facts, *again])
        reruns = tuple(fact.step for fact in again if isinstance(fact, ev.StepReopened) and fact.step not in chosen)
        return Came(sum(map(len, chosen.values())), running, copies, done, tuple(whole), reruns, changed)

    def _has_ended(self, name: str) -> bool:
        """The step has ended or is about to, so that it must be reopened for what is queued."""
        return self._engine.state.steps[name].status in ENDED or self._engine.ending(name)

    def _retry_step(self, name: str) -> Reply:
        state = self._engine.state
        if state.steps[name].status not in ENDED:
            return Reply(f"{name} has not ended", refused=True)
        queued = list(self._settled(names := self._again(name)))
        again, facts = self._begin_again(name, names)
        changed = self._engine.renew_workers()
        self._engine.record([*self._resumed(), *facts, *queued])
        text = _runs_again(again) + loaded_again(changed, self._engine.options.flow_dir)
        return Reply(text, sum(len(fact.items) for fact in queued), tuple(again[1:]))

    def _again(self, name: str) -> list[str]:
        """A step and those that follow it and have ended."""
        steps = self._engine.state.steps
        return [name, *(later for later in self._followers(name) if steps[later].status in ENDED)]

    def _is_loop(self, name: str) -> bool:
        return self._engine.state.steps[name].shape.for_each

    def _settled(self, names: list[str]) -> Iterator[ev.ItemsQueued]:
        """The items of these steps that have ended, queued a portion at a time. A plain step is queued by being reopened."""
        for name in filter(self._is_loop, names):
            states = self._engine.state.steps[name].states
            for start in range(0, len(states), PORTION):
                window = range(start, min(start + PORTION, len(states)))
                items = tuple(item for item in window if states[item] in _SETTLED)
                if items:
                    yield ev.ItemsQueued(self._engine.now(), name, items, "retry")

    def _begin_again(self, name: str, names: list[str]) -> tuple[list[str], list[ev.Event]]:
        """Reopen steps for a step that runs again whole; also names those that run now, read it, and so run once more."""
        state, now = self._engine.state, self._engine.now()
        again = list(names)
        facts = outdate(self._engine.plan, state, [name], names, now)
        facts += [ev.StepReopened(now, each, "run again", relist=True) for each in names]
        for reader in readers(self._engine.plan, name):
            if not self._engine.begin_anew(reader) and state.steps[reader].status == "running":
                again.append(reader)
                facts.append(ev.StepReopened(now, reader, f"{name} runs again", relist=True))
        return again, [*facts, *self._cleanup_again(now, set(again))]

    def _skip(self, command: SkipItems) -> Came:
        step = self._engine.state.steps[command.step]
        allowed = {int(Item.FAILED), int(Item.RETRYING), int(Item.PENDING)}
        items = [
            item
            for item in command.items
            if step.states[item] in allowed and not self._engine.in_flight(step.name, item)
        ]
        left = len(command.items) - len(items)
        now = self._engine.now()
        error = ErrorInfo("Skipped", command.reason, fingerprint("Skipped", command.reason), ("Skipped",))
        ended = self._engine.skip_running(step.name, command.items, error) if command.running and left else 0
        if not items:
            return Came(ended, done=left - ended)
        reason = error.encode()
        outcomes = tuple(Outcome(item, 0, Ended.SKIPPED, now, 0.0, None, reason) for item in items)
        facts: list[ev.Event] = [
            ev.ItemsEnded(now, step.name, self._engine.state.revision, step.shape.definition, 0, outcomes)
        ]
        again = self._reopen([step.name], []) if self._has_ended(step.name) else []
        self._engine.record([*self._resumed(), *facts, *again])
        return Came(
            len(items) + ended, done=left - ended, reruns=tuple(f.step for f in again if isinstance(f, ev.StepReopened))
        )

    def _resumed(self) -> list[ev.Event]:
        if not self._engine.finishing:
            return []
        state = self._engine.state
        return [ev.RunResumed(self._engine.now(), state.pid, state.host)]

    def _reopen(self, names: list[str], relist: list[str]) -> list[ev.Event]:
        """Reopen these steps if they have ended or are about to, and what follows from that."""
        now = self._engine.now()
        reopened = [
            ev.StepReopened(now, name, "retry", relist=name in relist) for name in names if self._has_ended(name)
        ]
        return [*reopened, *self.follow(names)]

    def follow(self, names: Collection[str]) -> list[ev.Event]:
        """What follows when items of these steps run again or are others: what read them runs again or keeps what is stale now."""
        plan, state, now = self._engine.plan, self._engine.state, self._engine.now()
        for name in names:
            for reader in readers(plan, name):
                self._engine.begin_anew(reader)
        again = reopen_readers(plan, state, names, now)
        touched = {*names, *(fact.step for fact in again)}
        return [*outdate(plan, state, names, (), now), *again, *self._cleanup_again(now, touched)]

    def _cleanup_again(self, now: float, touched: set[str]) -> list[ev.Event]:
        return [
            ev.StepReopened(now, step.name, "the run goes on", relist=True)
            for step in self._engine.state.steps.values()
            if step.shape.section != "steps" and step.status in ENDED and step.name not in touched and step.shape.rerun
        ]

    def _followers(self, name: str) -> list[str]:
        """Steps that need or read `name`, directly or through others, in file order, those with `rerun: false` left out."""
        found = {name, *readers(self._engine.plan, name)}
        for planned in self._engine.plan.steps:
            if found.intersection(planned.needs):
                found.add(planned.name)
        return [
            planned.name
            for planned in self._engine.plan.steps
            if planned.name in found
            and planned.name != name
            and planned.section == "steps"
            and planned.step.rerun
            and planned.name in self._engine.state.steps
        ]


def failed_items(step: StepState, group: str | None) -> list[int]:
    """The failed items of a step, of one fingerprint (or a prefix of it) if `group` names one, in item order."""
    if group is None:
        return sorted(step.failures)
    places = {place for place, entry in enumerate(step.groups) if entry.fingerprint.startswith(group)}
    return sorted(item for item, place in step.failures.items() if place in places)


def _stale_to_run(command: RetryItems, step: StepState) -> list[int]:
    """The stale items that a wish is about; of all steps but those with `rerun: false`, which run again only by name."""
    return stale_items(step) if step.stale_to_run or command.step is not None else []


def stale_items(step: StepState) -> list[int]:
    """Items that succeeded under another definition than the present one, in item order."""
    if not step.stale:
        return []
    definition = step.shape.definition
    current = step.definitions.index(definition) if definition in step.definitions else -1
    return [item for item, made_by in enumerate(step.made_by) if made_by != current and step.states[item] == Item.OK]


def _portions(meant: list[tuple[str, tuple[int, ...]]]) -> Iterator[tuple[str, tuple[int, ...]]]:
    for name, items in meant:
        for start in range(0, len(items), PORTION):
            yield name, items[start : start + PORTION]


def _runs_again(names: list[str]) -> str:
    rest = f", then {', '.join(names[1:])}" if names[1:] else ""
    return f"{names[0]} runs again{rest}"


def loaded_again(changed: tuple[str, ...], flow_dir: str) -> str:
    """That workers were renewed, and for which files; files beside the flow by their names, others by their paths."""
    if not changed:
        return ""
    below = os.path.join(flow_dir, "")
    names = [path.removeprefix(below) for path in changed]
    named = f"{', '.join(names[:2])} and {len(names) - 2} more" if names[2:] else " and ".join(names)
    return f"; handlers are loaded again: {named} changed"


def _retried(came: Came, rest: str) -> Reply:
    """The sentence about a retry; `rest` says what was not even tried."""
    if not came.reached and not came.whole and not rest:
        return Reply(_nothing(came.running, came.done, came.copies), refused=True)
    text = f"{', '.join(came.whole)} queued" if came.whole and not came.reached else f"{grouped(came.reached)} queued"
    kept = (came.running, "still running"), (came.copies, "their keys are taken"), (came.done, "done already")
    for number, why in kept:
        if number:
            text += f", {grouped(number)} not: {why}"
    return Reply(text + rest, came.reached + len(came.whole), came.reruns)


def _skipped(came: Came, rest: str) -> Reply:
    """The sentence about a skip; `rest` says what was not even tried."""
    if not came.reached and not rest:
        return Reply("Nothing to skip: what is selected is done or running", refused=True)
    not_so = f", {grouped(came.done)} not: done or running" if came.done else ""
    return Reply(f"{grouped(came.reached)} skipped{not_so}{rest}", came.reached, came.reruns)


def _nothing(running: int, done: int, copies: int) -> str:
    if copies and not running and not done:
        return f"Nothing to retry: the {plural(copies, 'key is', 'keys are')} taken by other items"
    if running and not done:
        return f"Nothing to retry: {grouped(running)} still running"
    if done:
        return f"Nothing to retry: the {plural(done, 'item is', 'items are')} done"
    return "Nothing to retry: nothing has failed"
