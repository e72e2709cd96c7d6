"""The run itself: skip, pause, drain, stop, slots."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence

from tui_workflow.facts.commands import Drain, Pause, Progress, Reply, SetSlots, SkipItems, Stop, Unpause
from tui_workflow.facts.state import Item
from tui_workflow.ui.actions.mark import forget as forget_marks
from tui_workflow.ui.actions.retry import reruns
from tui_workflow.ui.actions.walk import Act
from tui_workflow.ui.bulk import carried_out, is_busy, one_by_one
from tui_workflow.ui.desk import Desk
from tui_workflow.ui.scope import Scope, by_step, only, scopes, words_of
from tui_workflow.ui.screens.prompt import Prompt
from tui_workflow.ui.screens.question import NO, ask
from tui_workflow.view import numbers
from tui_workflow.view.panes.banner import resume_command

_SKIPPABLE = frozenset({Item.PENDING, Item.RETRYING, Item.FAILED})


def skip(desk: Desk) -> None:
    """Skip what is selected, with a reason."""
    found = scopes(desk)
    if not found:
        desk.refuse(f"{desk.key('skip')} does nothing here: there is no item to skip")
        return
    kept = [only(scope, _to_skip(desk, scope)) for scope in found]
    running = sum(_running(desk, scope) for scope in kept)
    if not any(scope.items for scope in kept):
        one = sum(scope.count for scope in found) == 1
        desk.refuse(f"Nothing to skip: {words_of(found)} {'is' if one else 'are'} done")
        return
    found = [scope for scope in kept if scope.items]
    count = sum(scope.count for scope in found)
    ends = ""
    if running:
        ends = "It runs now: its attempt ends at once. " if count == 1 else f"{_run_now(running)} at once. "
    dialog = Prompt(
        desk,
        f"Skip {words_of(found)}?",
        f"{ends}{numbers.plural(count, 'item counts', 'items count')} as skipped, with your reason. "
        f"A retry takes {'it' if count == 1 else 'them'} back. {reruns(desk, [scope.step for scope in found])}",
        "reason",
        "skip",
        lambda desk, reason: _skip(desk, found, reason, running=running > 0),
        found[0].cause if len(found) == 1 else "",
    )
    desk.open(dialog)


def _run_now(count: int) -> str:
    return (
        "1 of them runs now: its attempt ends"
        if count == 1
        else f"{numbers.count(count)} of them run now: their attempts end"
    )


def _running(desk: Desk, scope: Scope) -> int:
    """How many items of a scope run now."""
    return len(_in_flight(desk, scope.step).intersection(scope.items))


def _in_flight(desk: Desk, step: str) -> set[int]:
    return {run.item for run in desk.lanes().get(step, ())}


def _to_skip(desk: Desk, scope: Scope) -> tuple[int, ...]:
    """The items of a scope that can be skipped: those that are not done, and those that run, which end then."""
    states = desk.state.steps[scope.step].states
    running = _in_flight(desk, scope.step)
    return tuple(n for n in scope.items if n < len(states) and (states[n] in _SKIPPABLE or n in running))


def _skip(desk: Desk, chosen: Sequence[Scope], reason: str, *, running: bool) -> None:
    if is_busy(desk):
        return
    wishes = by_step(chosen)
    progress = Progress(sum(scope.count for scope in wishes))

    def send(scope: Scope) -> Awaitable[Reply]:
        return desk.feed.send(SkipItems(scope.step, scope.items, reason, running), progress)

    async def work() -> None:
        title = f"Skipping {words_of(chosen)}"
        sent = one_by_one(wishes, send)
        words, refused = await carried_out(desk, title, progress, "what is skipped stays skipped", sent)
        desk.say(words, refused=refused)
        if not refused:
            forget_marks(desk)

    desk.spawn("skip", work())


def pause(desk: Desk) -> None:
    """Pause, or go on."""
    if not _goes_on(desk, "pause"):
        return
    if desk.state.paused:
        desk.wish(Unpause())
    else:
        desk.wish(Pause(), lambda reply: desk.state.paused and _finishes(desk, reply))


def drain(desk: Desk) -> None:
    """Start nothing new, after a question: the run ends when what runs has ended, and no key takes that back."""
    if not _goes_on(desk, "drain"):
        return
    if desk.state.draining:
        desk.refuse("The run is draining already")
        return
    running = sum(len(lane) for lane in desk.lanes().values())
    waiting = max(0, desk.state.waiting - running)
    paused = f" {desk.key('pause')} pauses the run instead." if desk.key("pause") and not desk.state.paused else ""
    ask(
        desk,
        f"Drain {desk.state.flow}?",
        f"{what_is_left(running, waiting)}{'Then the' if running else 'The'} run ends, and nothing takes that back.{paused}",
        [("enter", "drain", begin_to_drain), NO],
    )


def what_is_left(running: int, waiting: int) -> str:
    """What becomes of that which has not ended when nothing new starts."""
    finish = numbers.plural(running, "item in flight finishes", "items in flight finish")
    if not waiting:
        return f"{finish}. " if running else ""
    if not running:
        return f"{numbers.plural(waiting, 'item waits', 'items wait')} for a resume. "
    return f"{finish}, {numbers.plural(waiting, 'waits', 'wait')} for a resume. "


def begin_to_drain(desk: Desk) -> None:
    """Drain, and say what that waits for until it has come."""
    desk.wish(Drain(), lambda reply: _finishes(desk, reply))


def _finishes(desk: Desk, reply: Reply) -> bool:
    """Whether what was in flight when something was answered is so in part, and the run goes on."""
    return desk.state.finished is None and (not reply.count or any(desk.lanes().values()))


def stop(desk: Desk) -> None:
    """End what runs now, after a question."""
    if not _goes_on(desk, "stop"):
        return
    running = sum(len(lane) for lane in desk.lanes().values())
    ask(
        desk,
        f"Stop {desk.state.flow} now?",
        f"{numbers.plural(running, 'item')} in flight {'ends and runs' if running == 1 else 'end and run'} again on resume. What is done stays done.",
        [
            ("enter", "stop now", lambda desk: desk.wish(Stop())),
            ("c", "cancel the run for good", lambda desk: desk.wish(Stop(cancel=True))),
            NO,
        ],
    )


def slots(by: int) -> Act:
    """The action for one slot fewer or more."""

    def act(desk: Desk) -> None:
        name = "more_slots" if by > 0 else "fewer_slots"
        step = desk.step
        if step is None or not step.shape.parallel:
            shown = step.name if step is not None else "this"
            desk.refuse(f"{desk.key(name)} does nothing here: {shown} has no parallel")
        elif _goes_on(desk, name):
            if step.slots + by < 1:
                desk.refuse(f"{step.name} has one slot, the least   {desk.key('pause')} pauses the run")
            else:
                desk.wish(SetSlots(step.name, step.slots + by))

    return act


def _goes_on(desk: Desk, name: str) -> bool:
    """Whether there is a run to act on; says so if not, and what goes on with one that was stopped."""
    state = desk.state
    if state.finished is None:
        return True
    if name == "pause" and state.status == "interrupted":
        also = f"; {desk.key('retry_all')} does too, with all that waits" if state.failed else ""
        desk.refuse(f"The run has ended   {resume_command(state.path, desk.feed.place)} goes on{also}")
    else:
        desk.refuse(f"{desk.key(name)} does nothing here: the run has ended")
    return False


ACTIONS: dict[str, Act] = {
    "skip": skip,
    "pause": pause,
    "drain": drain,
    "stop": stop,
    "fewer_slots": slots(-1),
    "more_slots": slots(1),
}
