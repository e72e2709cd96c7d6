"""The commands that run something: `run`, `retry`, and `open`, which only looks."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from tui_workflow.cli.select import place_options, run_option, select_run, select_to_change

if TYPE_CHECKING:
    from pathlib import Path

    from tui_workflow.session.choose import Latest, Wanted
    from tui_workflow.workers.pool import Pool


@click.command(no_args_is_help=True)
@click.argument("flow")
@click.argument("params", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--headless", is_flag=True, help="No dashboard: plain lines. Automatic when stdout is no terminal.")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines on stdout; implies --headless.")
@click.option("--resume", "resume", is_flag=True, help="Go on with the latest unfinished run of this flow.")
@click.option("--run", "which", metavar="RUN", help="With --resume: go on with this run rather than the latest.")
@click.option("--new", "new", is_flag=True, help="Begin afresh, without asking.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N items of each for_each.")
@click.option("--only", metavar="STEP", help="Only this step.")
@click.option("--from", "start_at", metavar="STEP", help="This step and what follows it.")
@click.option("--params", "params_file", metavar="FILE", help="Parameters from a JSON or YAML file.")
@click.option("--max-parallel", type=click.IntRange(min=1), metavar="N", help="At most N slots per step.")
@click.option("--rerun-stale", is_flag=True, help="Also run again what an older definition made.")
@click.option("--strict", is_flag=True, help="Exit 3 when items failed that the flow tolerates.")
@click.option("--reload", "reload", is_flag=True, help="Take up saved edits without a dashboard too.")
@click.option("--state-dir", metavar="DIR", help="Where runs are kept; beside the flow by default.")
def run(
    flow: str,
    params: tuple[str, ...],
    headless: bool,
    as_json: bool,
    resume: bool,
    which: str | None,
    new: bool,
    limit: int | None,
    only: str | None,
    start_at: str | None,
    params_file: str | None,
    max_parallel: int | None,
    rerun_stale: bool,
    strict: bool,
    reload: bool,
    state_dir: str | None,
) -> int:
    """Run FLOW with the dashboard.

    Parameters are NAME=VALUE, NAME=@FILE or NAME=env:VARIABLE. If an unfinished run of the flow exists, the dashboard
    asks whether to resume it; without a dashboard --resume says so.
    """
    import asyncio
    from pathlib import Path

    from tui_workflow.errors import UsageError

    if resume and new:
        raise UsageError("--resume and --new exclude each other")
    if only and start_at:
        raise UsageError("--only and --from exclude each other")
    if which and not resume:
        raise UsageError("--run goes with --resume", hint="wf-tui open RUN looks at a run without running anything")

    async def start() -> int:
        from tui_workflow.workers.pool import Pool

        pool = Pool(os.path.dirname(os.path.realpath(flow)))
        # The first worker starts while the flow is being read, and what reads flows is loaded.
        pool.prewarm(1)
        await asyncio.sleep(0)
        try:
            from tui_workflow.flow.params import assignments, read_params
            from tui_workflow.session.choose import Wanted
            from tui_workflow.store.places import home_for

            wanted = Wanted(
                assignments(params),
                read_params(params_file) if params_file else {},
                limit,
                max_parallel,
                only,
                start_at,
            )
            plain = headless or as_json or not sys.stdout.isatty()
            home = home_for(Path(flow), state_dir)
            launch = Launch(flow, wanted, home, plain, as_json, strict, rerun_stale, reload, which)
            return await launch.run(pool, resume, new)
        finally:
            await pool.close()

    return asyncio.run(start())


class Launch:
    """One launch of a flow from the command line."""

    def __init__(
        self,
        flow: str,
        wanted: Wanted,
        state_dir: Path,
        plain: bool,
        as_json: bool,
        strict: bool,
        rerun_stale: bool,
        reload: bool = False,
        which: str | None = None,
    ) -> None:
        self.flow = flow
        self.wanted = wanted
        self.state_dir = state_dir
        self.plain = plain
        self.as_json = as_json
        self.strict = strict
        self.rerun_stale = rerun_stale
        self.reload = reload
        self.which = which
        """The run that --run names, None for the latest."""
        self.earlier: str | None = None

    async def run(self, pool: Pool, resume: bool, new: bool) -> int:
        """Begin a run or take one up, and conduct it; returns the exit code."""
        import asyncio

        from tui_workflow.flow.load import load
        from tui_workflow.session.choose import begin, earlier_unfinished, latest, take_up
        from tui_workflow.session.workers import at_start

        found = None if new else latest(self.flow, self.state_dir, self.which)
        if found is not None and resume and not found.unfinished:
            self.earlier = earlier_unfinished(self.flow, self.state_dir)
        going_on = self._decide(found, resume)
        if not isinstance(going_on, bool):
            return going_on
        if going_on:
            assert found is not None
            plan = load(self.flow) if os.path.exists(self.flow) else None
            assignment, lock = take_up(found.path, self.wanted, plan)
        else:
            assignment, lock = begin(load(self.flow), self.state_dir, self.wanted)
        pool.prewarm(at_start(assignment.plan, assignment.state, assignment.max_slots))
        await asyncio.sleep(0)
        assignment.source = os.path.abspath(self.flow)
        for note in assignment.notes:
            click.echo(note, err=True)
        return await conduct(assignment, pool, lock, self)

    def _decide(self, found: Latest | None, resume: bool) -> bool | int:
        """True to take the found run up, False to begin another, a number to end with it."""
        if found is None:
            if resume:
                click.echo("There is no run of this flow yet: this starts one.", err=True)
            return False
        run = found.state.run
        if resume:
            if found.unfinished or self.rerun_stale or self.wanted.only or self.wanted.start_at:
                return True
            click.echo(f"The latest run, {run}, succeeded: there is nothing to resume. --new starts another.", err=True)
            if self.earlier:
                click.echo(
                    f"An earlier one, {self.earlier}, is unfinished. To go on with it:  "
                    f"wf-tui {self.flow} --resume --run {self.earlier}",
                    err=True,
                )
            return 0
        if found.held:
            from tui_workflow.store.lock import held, lock_path

            if self.plain:
                click.echo(f"Another run of this flow, {run}, is live in {found.holder}.", err=True)
                return False
            raise held(lock_path(found.path))
        if not found.unfinished:
            return False
        if self.plain:
            click.echo(
                f"An earlier run, {run}, is {found.state.status}. To go on with it instead:  "
                f"wf-tui {self.flow} --headless --resume",
                err=True,
            )
            return False
        return ask(found)


def ask(found: Latest) -> bool | int:
    """Ask whether to resume an unfinished run; enter means yes."""
    state = found.state
    waiting = sum(step.waiting for step in state.steps.values())
    failed = sum(step.failed for step in state.steps.values())
    listed = all(step.total_known or not step.shape.for_each for step in state.steps.values())
    counts = f"{waiting}{'' if listed else ' or more'} items wait" + (f", {failed} failed" if failed else "")
    click.echo(f"The run {state.run} of {state.flow} is {state.status}: {counts}.")
    click.echo("  enter  resume it; what is done stays done\n  n      start a new run\n  q      neither")
    while True:
        key = click.getchar()
        if key in "\r\n":
            return True
        if key in "nN":
            return False
        if key in "qQ\x1b\x03\x04":
            return 130


async def conduct(assignment: Any, pool: Any, lock: Any, launch: Launch) -> int:
    """Hand the run to its front end."""
    from tui_workflow.facts.commands import RetryItems
    from tui_workflow.session.conduct import Style, headless, with_dashboard

    if launch.rerun_stale:
        assignment.wishes = [*assignment.wishes, RetryItems(stale=True)]
    if launch.plain:
        return await headless(
            assignment, pool, lock, Style("json" if launch.as_json else "plain", launch.strict, launch.reload)
        )
    return await with_dashboard(assignment, pool, lock, strict=launch.strict, resume=f"wf-tui {launch.flow} --resume")


@click.command()
@click.argument("params", nargs=-1, metavar="[NAME=VALUE]...")
@run_option
@click.option("--step", metavar="STEP", help="Only failed items of this step.")
@click.option("--key", "keys", multiple=True, metavar="KEY", help="Only these items; may be given more than once.")
@click.option(
    "--group", metavar="FINGERPRINT", help="Only failures of one cause, as `wf-tui failed --group` lists them."
)
@click.option("--open", "opened", is_flag=True, help="With the dashboard.")
@click.option("--strict", is_flag=True, help="Exit 3 when items are failed in the end that the flow tolerates.")
@place_options
def retry(
    params: tuple[str, ...],
    run: str | None,
    step: str | None,
    keys: tuple[str, ...],
    group: str | None,
    opened: bool,
    strict: bool,
    state_dir: str | None,
    flow: str | None,
) -> int:
    """Run failed items again, all of them without a filter, and the steps that read them.

    NAME=VALUE is for secret parameters only, as NAME=env:VARIABLE or NAME=@FILE: they are stored nowhere.
    """
    import asyncio

    from tui_workflow.flow.params import assignments
    from tui_workflow.session.choose import Wanted

    path = select_to_change(run, state_dir, flow)
    launch = Launch("", Wanted(assignments(params)), path.parent.parent, not opened, False, strict, False)
    return asyncio.run(_retry(path, launch, step, keys, group))


async def _retry(path: Path, launch: Launch, step: str | None, keys: tuple[str, ...], group: str | None) -> int:
    from tui_workflow.errors import UsageError
    from tui_workflow.session.choose import take_up
    from tui_workflow.session.retrying import chosen
    from tui_workflow.workers.pool import Pool

    assignment, lock = take_up(path, launch.wanted)
    launch.flow = assignment.plan.path
    pool = Pool(os.path.dirname(assignment.plan.path))
    try:
        wishes = chosen(assignment, step, keys, group)
        if not wishes:
            raise UsageError(
                "nothing to retry: no failed item matches",
                hint=f"wf-tui failed --run {assignment.meta.run} lists what failed",
            )
        assignment.wishes = wishes
        for note in assignment.notes:
            click.echo(note, err=True)
        return await conduct(assignment, pool, lock, launch)
    finally:
        lock.release()
        await pool.close()


@click.command("open")
@click.argument("run", required=False)
@place_options
def open_(run: str | None, state_dir: str | None, flow: str | None) -> int:
    """The dashboard on a stored run, nothing executed. RUN is an id, `latest`, a flow file, or a run file."""
    import asyncio

    from tui_workflow.errors import UsageError
    from tui_workflow.session.conduct import look

    path = select_run(run, state_dir, flow)
    if not sys.stdout.isatty():
        raise UsageError("the dashboard needs a terminal", hint=f"wf-tui show {path.stem} prints the run")
    asyncio.run(look(path))
    return 0
