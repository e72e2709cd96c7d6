"""Running again: an item, a group, all that failed, one before the rest, a step with what follows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tui_workflow.facts.commands import Progress, Reply, RetryItems, RetryStep
from tui_workflow.facts.state import StepState
from tui_workflow.ui import accepting
from tui_workflow.ui.actions.mark import forget as forget_marks
from tui_workflow.ui.actions.walk import Act
from tui_workflow.ui.bulk import carried_out, is_busy, one_by_one, wish_for_many
from tui_workflow.ui.canary import Canary
from tui_workflow.ui.desk import Desk
from tui_workflow.ui.scope import (
    Scope,
    by_step,
    failed_in,
    failed_since,
    listed,
    name_of,
    of_group,
    only,
    scopes,
    shown,
    to_retry,
    words_of,
)
from tui_workflow.ui.screens.question import NO, Answer, ask
from tui_workflow.view import broken, numbers, stopped
from tui_workflow.view.nav import Pane
from tui_workflow.view.retried import Retried, Watched


def retry(desk: Desk) -> None:
    """What is marked or under the cursor."""
    found = scopes(desk)
    if not found and desk.step is not None and desk.step in broken.of_run(desk.state):
        again = desk.key("retry_step")
        desk.refuse(
            f"No item to retry: {desk.step.name} failed by itself" + (f"   {again} runs it again" if again else "")
        )
        return
    if not found:
        desk.refuse("Nothing to retry: no item has failed here")
        return
    retry_scopes(desk, found)


def retry_shown(desk: Desk) -> None:
    """The cause whose items are listed, or what a filter leaves of them."""
    found = shown(desk)
    if not found:
        desk.refuse("Nothing to retry: no item of this list has failed")
        return
    retry_scopes(desk, found)


def retry_all(desk: Desk) -> None:
    """Every failed item of every step; where there are none, the steps that failed by themselves."""
    found = [
        Scope(
            step.name,
            tuple(sorted(step.failures)),
            f"{numbers.plural(step.failed, 'item')} of {step.name}",
            whole=True,
            name=step.name,
        )
        for step in desk.state.steps.values()
        if step.failed
    ]
    if not found:
        _run_broken(desk, broken.of_run(desk.state))
        return
    retry_scopes(desk, found)


def _run_broken(desk: Desk, steps: Sequence[StepState]) -> None:
    """Ask whether a step that failed by itself is to run again; of several the first, since the others are told when it has."""
    if steps:
        _ask_for_step(desk, steps[0])
    else:
        desk.refuse("Nothing to retry: nothing has failed")


def retry_scopes(desk: Desk, chosen: Sequence[Scope], *, accept: int = 0) -> None:
    """Retry, at once for a single item, after a question that names numbers for more, or when edits are accepted with it.

    `accept` is the number of these edits: they wait, and are accepted before what the answer says.
    """
    kept = [(scope, to_retry(desk, scope)) for scope in chosen]
    total = sum(len(failed) for _, failed in kept)
    if not total:
        many = sum(scope.count for scope in chosen)
        done = "is not failed" if many == 1 else "are not failed"
        desk.refuse(f"Nothing to retry: {chosen[0].words if len(chosen) == 1 else numbers.plural(many, 'item')} {done}")
        return
    meant = [only(scope, failed) for scope, failed in kept if failed]
    if total == 1 and not accept and not stopped.goes_on(desk.state):
        _send(desk, meant)
        return

    def offer(key: str, verb: str, act: Act) -> Answer:
        return key, verb, (lambda desk: accepting.accept(desk, act)) if accept else act

    offers = [offer("enter", "retry", lambda desk: _send(desk, meant)), NO]
    if len(kept) == 1 and total > 1:
        offers.insert(1, offer(desk.key("canary"), "one first", lambda desk: send_canary(desk, chosen[0])))
    words = filter(None, (accepting.words(accept), reruns(desk, [scope.step for scope, _ in kept])))
    ask(desk, f"Retry {words_of(meant, total)}?", " ".join(words), offers, listed(meant))


def reruns(desk: Desk, steps: Sequence[str], *, whole: bool = False) -> str:
    """What else happens when items of these steps run again; `whole` when the steps do, with all that follows them.

    A run that has come to rest goes on with all that it left.
    """
    again = _each(desk.feed.reruns, steps)
    stale = _each(desk.feed.outdated, steps)
    steps_now = desk.state.steps
    loops = [name for name in again if name in steps_now and steps_now[name].shape.for_each and not whole]
    words = [_run_again([name for name in again if name not in loops])]
    words.append(_listed_again([name for name in loops if name not in stale]))
    words += [_kept(desk, name) for name in stale if name in loops or name not in again]
    said = list(filter(None, words)) or ["No other step runs again."]
    return " ".join([*said, stopped.goes_on(desk.state)]).strip()


def _each(ask_feed: Callable[[str], tuple[str, ...]], steps: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(later for step in steps for later in ask_feed(step)))


def _run_again(names: Sequence[str]) -> str:
    if len(names) < 2:
        return f"{names[0]} runs again." if names else ""
    return f"{', '.join(names[:-1])} and {names[-1]} run again."


def _listed_again(names: Sequence[str]) -> str:
    if len(names) < 2:
        return f"{names[0]} makes its list of items again and runs what is new in it." if names else ""
    return f"{', '.join(names[:-1])} and {names[-1]} make their lists of items again and run what is new in them."


def _kept(desk: Desk, name: str) -> str:
    step = desk.state.steps[name]
    if not step.shape.for_each:
        return f"{name} does not run again: what it made is stale then."
    done = f"{numbers.plural(step.succeeded, 'item')} that {'is' if step.succeeded == 1 else 'are'} done"
    return f"{name} keeps the {done}, stale then."


def _send(desk: Desk, chosen: Sequence[Scope]) -> None:
    if is_busy(desk):
        return
    wishes = by_step(chosen)
    progress = Progress(sum(scope.count for scope in wishes))

    watched: list[Watched] = []

    async def send(scope: Scope) -> Reply:
        # The very items that the question was about: what has failed since then has not been agreed to.
        watch = Watched(desk.state.steps[scope.step], to_retry(desk, scope))
        newer = failed_since(desk, scope)
        before = len(progress.reached)
        reply = await desk.feed.send(RetryItems(scope.step, scope.items), progress)
        if reply.refused:
            return reply
        if progress.stopped:
            watch.keep(progress.reached[before:])
        watched.append(watch)
        return replace(reply, text=f"{reply.text}, {numbers.count(newer)} not: failed since then") if newer else reply

    if desk.nav.pane == Pane.FAILURES:
        desk.nav.group_waits = desk.nav.group

    async def work() -> None:
        title = f"Retrying {words_of(chosen)}"
        sent = one_by_one(wishes, send)
        words, refused = await carried_out(desk, title, progress, "what is queued stays queued", sent)
        if watched:
            desk.retried.append(Retried(watched))
        else:
            desk.nav.group_waits = ""
        desk.say(words, refused=refused)
        forget_marks(desk)

    desk.spawn("retry", work())


def tell_retried(desk: Desk) -> None:
    """Say what became of items that were queued again, once the last of them has ended."""
    if desk.dialogs or desk.nav.entry is not None:
        return
    for each in list(desk.retried):
        came = each.outcome(desk.state.steps)
        if came is not None:
            desk.retried.remove(each)
            if not desk.retried:
                desk.nav.group_waits = ""
            if came[0]:
                desk.say(came[0], refused=came[1])


def canary(desk: Desk) -> None:
    """One of what is selected first; the rest when that went well."""
    found = shown(desk)
    if not found:
        desk.refuse("No item has failed here")
    elif len(found) > 1:
        desk.refuse(f"{desk.key('canary')} does nothing here: {len(found)} groups are marked, take one")
    else:
        send_canary(desk, found[0])


def send_canary(desk: Desk, scope: Scope) -> None:
    """Retry one item of a scope and watch what comes of it."""
    failed = failed_in(desk, scope)
    if not failed:
        desk.refuse(f"Nothing to retry: {scope.words} are not failed")
        return
    nav = desk.nav
    chosen = nav.items.item if nav.place == "items" and nav.items is not None else None
    number = chosen if chosen in failed and chosen is not None else failed[0]
    if words := stopped.goes_on(desk.state):
        title = f"Try {name_of(desk, scope.step, number)} first?"
        ask(desk, title, words, [("enter", "try it", lambda desk: _try_one(desk, scope, number)), NO])
    else:
        _try_one(desk, scope, number)


def _try_one(desk: Desk, scope: Scope, number: int) -> None:
    failed = failed_in(desk, scope)
    watched = desk.canary = Canary(scope, number, desk.state.steps[scope.step])

    async def work() -> None:
        reply = await desk.feed.send(RetryItems(scope.step, (number,)))
        if reply.refused:
            desk.canary = None
        else:
            watched.sent = True
            if (scope.step, number) not in desk.loader.keys:
                desk.loader.learn(scope.step, await desk.details.items(scope.step, [number]))
        name, others = name_of(desk, scope.step, number), numbers.count(len(failed) - 1)
        kept = f"{others} others that the filter keeps" if scope.part else others
        words = f"{name} goes first, {kept} wait for it"
        if reply.reruns:
            words += f"; {_run_again(reply.reruns).removesuffix('.')} after it, and once more after them"
        desk.say(reply.text if reply.refused else words, refused=reply.refused)

    desk.spawn("canary", work())


def judge(desk: Desk) -> None:
    """Look at what became of the canary; when it went well, offer the rest. Waits while a dialog or a filter is open."""
    watched = desk.canary
    if watched is None or desk.dialogs or desk.nav.entry is not None:
        return
    scope = watched.scope
    step = desk.state.steps.get(scope.step)
    if step is None:  # an edit took it out of the run
        desk.canary = None
        return
    came = watched.came_to(step)
    if not came:
        return
    desk.canary = None
    name = name_of(desk, scope.step, watched.item)
    if scope.group is not None:  # a wish for a group is for all that it holds by then
        scope = of_group(desk, scope.step, scope.group)
    rest = failed_in(desk, scope)
    if came == "failed":
        how = "again" if watched.same_cause(step) else "for another cause"
        left = len(rest) - (watched.item in rest)  # with another cause it has left its group
        others = numbers.plural(left, "other was", "others were")
        desk.refuse(f"Canary {name} failed {how}, {others} not retried")
    elif came == "ok" and rest:
        scope = replace(scope, items=rest)
        kept = " that the filter kept" if scope.part else ""
        others = f"retry the other {numbers.count(len(rest))}{kept}"
        again = reruns(desk, [scope.step])
        desk.spawn("canary", _offer(desk, scope.step, watched.item, name, again, others, scope))
    elif came == "ok":
        desk.say(f"Canary {name} ok, nothing else is left to retry")


async def _offer(desk: Desk, step: str, item: int, name: str, again: str, others: str, scope: Scope) -> None:
    detail = await desk.details.item(step, item)
    took = f" in {numbers.duration(detail.attempts[-1].duration)}" if detail is not None and detail.attempts else ""
    ask(
        desk,
        f"Canary {name} ok{took}.",
        again,
        [("enter", others, lambda desk: _send(desk, [scope])), NO],
    )


def retry_step(desk: Desk) -> None:
    """The selected step again, whole, and the steps that read it."""
    step = desk.step
    if step is None:
        desk.refuse("No step is selected")
        return
    if step.status in ("pending", "running"):
        since = "" if step.status == "running" and desk.state.status == "running" else ", it goes on when the run does"
        desk.refuse(f"{desk.key('retry_step')} does nothing here: {step.name} has not ended{since}")
        return
    _ask_for_step(desk, step)


def _ask_for_step(desk: Desk, step: StepState) -> None:
    name = step.name
    every = "Its item starts" if step.total == 1 else f"All {numbers.count(step.total)} items start"
    every = f"{every} from the beginning, also what is done." if step.total else "It makes its list of items again."
    ask(
        desk,
        f"Run {name} again?",
        f"{every} {reruns(desk, [name], whole=True)}" if step.shape.for_each else reruns(desk, [name], whole=True),
        [
            ("enter", "run again", lambda desk: wish_for_many(desk, f"Queuing {name}", RetryStep(name), step.total)),
            NO,
        ],
    )


ACTIONS: dict[str, Act] = {
    "retry": retry,
    "retry_shown": retry_shown,
    "retry_all": retry_all,
    "canary": canary,
    "retry_step": retry_step,
}
