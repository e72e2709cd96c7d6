"""The question what a flow that has been run before is to do: go on with that run, or begin anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_workflow.facts.state import RunState
    from tui_workflow.session.choose import Latest, Wanted
    from tui_workflow.session.screen import Screen
    from tui_workflow.view.panes.dialog import Choice


_LONGEST = 200
"""Characters of an error in the question."""


async def ask(screen: Screen, found: Latest, flow: str, wanted: Wanted) -> bool | int:
    """True to take the run up, False to begin anew, else the exit code to end with. Enter takes what is first.

    A run keeps its parameters: one that was started with others than were given now cannot be what is meant.
    """
    from tui_workflow.session.choose import different_params
    from tui_workflow.session.edited import edited_since

    different = await screen.meanwhile(lambda: different_params(found.path, flow, wanted))
    edited = await screen.meanwhile(lambda: edited_since(found.path, flow))
    if found.unfinished:
        return await _resume(screen, found.state, different, edited)
    return await _look_at_failures(screen, found.state, different, edited)


async def _resume(screen: Screen, state: RunState, different: list[str], edited: str) -> bool | int:
    from tui_workflow.view import numbers
    from tui_workflow.view.panes.dialog import Choice

    waiting = state.waiting
    failed = state.failed
    listed = all(step.total_known or not step.shape.for_each for step in state.steps.values())
    counts = []
    if waiting:
        counts.append(
            f"{numbers.count(waiting)}{'' if listed else ' or more'} {'item waits' if waiting == 1 else 'items wait'}"
        )
    if failed:
        counts.append(f"{numbers.count(failed)} failed")
    words = [
        f"It {'' if state.status == 'failed' else 'is '}{state.status}{': ' if counts else ''}{', '.join(counts)}."
    ]
    words += of_the_broken(state)
    anew = Choice("n", "new", "begin anew", "the unfinished run stays where it is")
    offered = [Choice("r", "resume", "resume it", "what is done stays done"), anew, _neither()]
    if different:
        words.append(_keeps(different))
        offered = [anew, _neither()]
    else:
        words += filter(None, (of_the_failed(state) if failed else "", edited))
    return _meant(await screen.ask(f"Run {state.run} is unfinished", words, offered))


def of_the_broken(state: RunState) -> list[str]:
    """Which steps failed by themselves, without a failed item, and why; and that resuming starts them again."""
    from tui_workflow.facts.outcome import ErrorInfo
    from tui_workflow.text import visible
    from tui_workflow.view import broken

    said = []
    for step in broken.of_run(state):
        why = ""
        if step.error:
            error = ErrorInfo.decode(step.error)
            why = f" ({visible(f'{error.type}: {error.message}'.splitlines()[0])[:_LONGEST]})"
        said.append(f"{visible(step.name)} failed by itself, not by an item{why}: resuming runs it again.")
    return said


def of_the_failed(state: RunState) -> str:
    """What resuming does with the failed items. A step that has succeeded tolerated them; of others `on_error` decides then."""
    tolerated = all(step.status == "succeeded" for step in state.steps.values() if step.failed)
    match tolerated, state.failed:
        case True, 1:
            return "The failed item is tolerated: it stays failed until you retry it."
        case True, _:
            return "The failed items are tolerated: they stay failed until you retry them."
        case False, 1:
            return "The failed item is tried again, unless on_error: continue tolerates it: then it stays until you retry it."
    return "Failed items are tried again, but for those that on_error: continue tolerates: these stay until you retry them."


def _keeps(different: list[str]) -> str:
    return f"It was started with another {' and '.join(different)}; a run keeps its parameters."


async def _look_at_failures(screen: Screen, state: RunState, different: list[str], edited: str) -> bool | int:
    """A run that is over, but for items that failed: who starts the flow again may mean those, and all cost money again."""
    from tui_workflow.view import numbers
    from tui_workflow.view.panes.dialog import Choice
    from tui_workflow.view.tolerated import items

    failed, total = state.failed, items(state)
    words = [f"It is over: {numbers.count(failed)} of {numbers.plural(total, 'item')} failed."]
    anew = Choice("n", "new", "begin anew", "everything runs again, also what is done")
    back = Choice("r", "back", "go back to it", "to see why and to retry; what is done stays")
    offered = [back, anew, _neither()]
    if different:
        words.append(_keeps(different))
        offered = [anew, _neither()]
    elif edited:
        words.append(edited)
    return _meant(await screen.ask(f"Run {state.run} left failed items", words, offered))


def _neither() -> Choice:
    from tui_workflow.view.panes.dialog import Choice

    return Choice("esc", "neither", "neither", "nothing runs")


def _meant(answer: str) -> bool | int:
    return {"resume": True, "back": True, "new": False}.get(answer, 130)
