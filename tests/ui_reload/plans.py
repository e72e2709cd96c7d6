"""Plans and refused saves for the simulated run."""

from __future__ import annotations

from dataclasses import replace

from tests.ui.simulate import DEFINITION, NOW, Simulation
from tui_workflow.facts import events as ev
from tui_workflow.view.ports import Edit, EditedFile, Mark, Rejected, ReloadPlan

PLAN = ReloadPlan(
    "/home/me/flows/nightly.yaml",
    2,
    3,
    NOW - 40,
    in_force=(Edit("process_chunks", "changed", "timeout", "30", "90"),),
    files=(EditedFile("/home/me/flows/fetch.py", 4, 1, ("process_chunks",)),),
    waiting=(
        Edit("thumbnails", "added", note="after fetch_images"),
        Edit("publish", "changed", "needs", '["build_index"]', '["build_index", "thumbnails"]'),
        Edit("track_progress", "removed"),
    ),
    unchanged=6,
    text=("--- a/nightly.yaml", "+++ b/nightly.yaml", "@@ -1,2 +1,2 @@", " steps:", "-  timeout: 30", "+  timeout: 90"),
)
HELD = replace(PLAN, waiting=())
REFUSED = Rejected(
    "/home/me/flows/nightly.yaml",
    15,
    5,
    '"timeouts" is not a key of a step',
    "did you mean 'timeout'?",
    (),
    DEFINITION.replace("timeout: 30", "timeouts: 30").replace("handler:", "handlr:"),
    (15, 20),
    2,
    NOW - 12,
    (
        Mark(15, 5, '"timeouts" is not a key of a step', "did you mean 'timeout'?"),
        Mark(20, 7, '"handlr" is not an input of python', "did you mean 'handler'?"),
    ),
)


def edited(total: int = 100_000, plan: ReloadPlan = PLAN) -> Simulation:
    """A run whose `process_chunks` has been edited: what it had done is stale."""
    run = Simulation(total=total)
    shapes = tuple(
        replace(step.shape, definition="edited") if step.name == "process_chunks" else step.shape
        for step in run.state.steps.values()
    )
    run.tell(ev.RevisionTaken(NOW - 40, 3, shapes))
    run.plan = plan
    return run
