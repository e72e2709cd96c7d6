"""`plan`: what a resume would run, keep and call stale, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tui_workflow.cli.select import flow_of_latest, place_options

if TYPE_CHECKING:
    from tui_workflow.session.planning import StepPlan


@click.command()
@click.argument("flow_file", metavar="[FLOW]", required=False)
@place_options
def plan(flow_file: str | None, state_dir: str | None, flow: str | None) -> int:
    """What a resume of the latest run of FLOW would run, keep and call stale, and why. Executes nothing.

    Without FLOW it is that of the latest run. KEEPS, RUNS, STALE and FAILED count items: FAILED those that stay failed.
    """
    from pathlib import Path

    from tui_workflow.cli.printing import print_table
    from tui_workflow.flow.load import load
    from tui_workflow.session.choose import latest
    from tui_workflow.session.planning import resume_plan
    from tui_workflow.store.places import home_for

    flow = flow_file or flow or flow_of_latest(state_dir)
    loaded = load(flow)
    found = latest(flow, home_for(Path(flow), state_dir))
    made = resume_plan(loaded, found.path if found is not None else None)
    if made.run is None:
        click.echo("There is no run yet: a first run would run everything.")
    elif made.status == "succeeded":
        click.echo(f"The run {made.run} succeeded: a resume would run nothing. --rerun-stale runs what is stale.")
    else:
        edited = f", as revision {made.revision}, for the flow has changed" if made.changed else ""
        click.echo(f"A resume would go on with {made.run}, which is {made.status}{edited}.")
    click.echo()
    rows = [["STEP", "DOES", "KEEPS", "RUNS", "STALE", "FAILED", "WHY"]]
    rows += [_row(step) for step in made.steps]
    print_table(rows, right=(2, 3, 4, 5))
    return 0


def _row(step: StepPlan) -> list[str]:
    runs = step.again + step.waiting
    return [
        step.name,
        step.what,
        str(step.kept or ""),
        str(runs or "") if step.what != "keep" else "",
        str(step.stale or ""),
        str(step.failed_kept or ""),
        "; ".join(step.why),
    ]
