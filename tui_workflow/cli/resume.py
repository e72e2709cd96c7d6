"""The question whether to go on with an unfinished run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_workflow.session.choose import Latest, Wanted
    from tui_workflow.session.screen import Screen


async def ask(screen: Screen, found: Latest, flow: str, wanted: Wanted) -> bool | int:
    """True to resume, False to begin anew, else the exit code to end with. Enter takes what is first.

    A run keeps its parameters: one that was started with others than were given now cannot be what is meant.
    """
    from tui_workflow.session.choose import different_params
    from tui_workflow.view import numbers
    from tui_workflow.view.panes.dialog import Choice

    state = found.state
    waiting = sum(step.waiting for step in state.steps.values())
    failed = sum(step.failed for step in state.steps.values())
    listed = all(step.total_known or not step.shape.for_each for step in state.steps.values())
    counts = []
    if waiting or not listed:
        counts.append(
            f"{numbers.count(waiting)}{'' if listed else ' or more'} {'item waits' if waiting == 1 else 'items wait'}"
        )
    if failed:
        counts.append(f"{numbers.count(failed)} failed")
    words = [f"It is {state.status}{': ' if counts else ''}{', '.join(counts)}."]
    resume = Choice("r", "resume", "resume it", "what is done stays done")
    anew = Choice("n", "new", "begin anew", "the unfinished run stays where it is")
    neither = Choice("esc", "neither", "neither", "nothing runs")
    offered = [resume, anew, neither]
    different = await screen.meanwhile(lambda: different_params(found.path, flow, wanted))
    if different:
        words.append(f"It was started with another {' and '.join(different)}; a run keeps its parameters.")
        offered = [anew, neither]
    match await screen.ask(f"Run {state.run} is unfinished", words, offered):
        case "resume":
            return True
        case "new":
            return False
        case _:
            return 130
