"""The commands that run something: `run`, `retry`, and `open`, which only looks."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from tui_workflow.cli.select import place_options, run_option, select_run, select_to_change

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tui_workflow.facts.commands import RetryItems
    from tui_workflow.session.assignment import Assignment
    from tui_workflow.session.choose import Latest, Wanted
    from tui_workflow.session.screen import Screen
    from tui_workflow.store.lock import RunLock
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
@click.option("--rerun-stale", is_flag=True, help="Also run stale items again; `wf-tui help retry` says what is stale.")
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

    Parameters are NAME=VALUE, NAME=@FILE or NAME=env:VARIABLE. If the latest run of the flow is unfinished, or left failed
    items, the dashboard asks whether to go on with it; without a dashboard it begins afresh unless --resume is given.
    """
    import asyncio

    from tui_workflow.errors import UsageError

    if resume and new:
        raise UsageError("--resume and --new exclude each other")
    if only and start_at:
        raise UsageError("--only and --from exclude each other")
    if which and not resume:
        raise UsageError("--run goes with --resume", hint="wf-tui open RUN looks at a run without running anything")

    def read() -> Wanted:
        from tui_workflow.flow.params import assignments, read_params
        from tui_workflow.session.choose import Wanted

        file = read_params(params_file) if params_file else {}
        return Wanted(assignments(params), file, limit, max_parallel, only, start_at)

    plain = headless or as_json or not sys.stdout.isatty()
    launch = Launch(flow, read, state_dir, plain, as_json, strict, rerun_stale, reload, which)
    return asyncio.run((launch.headless if plain else launch.on_screen)(resume, new))


class Launch:
    """One launch of a flow from the command line."""

    def __init__(
        self,
        flow: str,
        read: Callable[[], Wanted],
        state_dir: str | None,
        plain: bool,
        as_json: bool,
        strict: bool,
        rerun_stale: bool,
        reload: bool = False,
        which: str | None = None,
    ) -> None:
        self.flow = flow
        self.read = read
        """Gives what the command line asks for; called when what reads flows may be loaded."""
        self.state_dir = state_dir
        self.plain = plain
        self.as_json = as_json
        self.strict = strict
        self.rerun_stale = rerun_stale
        self.reload = reload
        self.which = which
        """The run that --run names, None for the latest."""
        self.words: list[str] = []
        """Sentences about what was decided, for stderr when no screen is in the way."""

    async def headless(self, resume: bool, new: bool) -> int:
        """Begin a run or take one up, and report it in lines; returns the exit code."""
        import asyncio

        from tui_workflow.workers.pool import Pool

        pool = Pool(os.path.dirname(os.path.realpath(self.flow)))
        # The first worker starts while the flow is being read, and what reads flows is loaded.
        pool.prewarm(1)
        await asyncio.sleep(0)
        try:
            found = self.look(resume, new)
            going_on = self.decide(found, resume)
            self.say()
            if going_on is not True and going_on is not False:
                return going_on or 0
            assignment, lock = self.assign(found if going_on else None)
            await self.prewarm(pool, assignment)
            for note in assignment.notes:
                click.echo(note, err=True)
            return await self.report(assignment, pool, lock)
        finally:
            await pool.close()

    async def on_screen(self, resume: bool, new: bool) -> int:
        """The same with the dashboard, which is there before anything else."""
        from tui_workflow.session.screen import Screen

        name = os.path.splitext(os.path.basename(self.flow))[0]
        try:
            async with Screen(name, "reading the flow") as screen:
                from tui_workflow.workers.pool import Pool

                pool = Pool(os.path.dirname(os.path.realpath(self.flow)))
                pool.prewarm(1)
                try:
                    found = await screen.meanwhile(lambda: self.look(resume, new))
                    going_on = self.decide(found, resume)
                    if going_on is None and found is not None:
                        from tui_workflow.cli.resume import ask

                        going_on = await ask(screen, found, self.flow, self.wanted)
                    if going_on is not True and going_on is not False:
                        return going_on or 0
                    assignment, lock = await screen.meanwhile(lambda: self.assign(found if going_on else None))
                    assignment.notes[:0], self.words = self.words, []
                    await self.prewarm(pool, assignment)
                    return await self.show(screen, assignment, pool, lock)
                finally:
                    await pool.close()
        finally:
            self.say()

    def say(self) -> None:
        """Put what was decided on stderr."""
        for words in self.words:
            click.echo(words, err=True)
        self.words = []

    def look(self, resume: bool, new: bool) -> Latest | None:
        """The run that may be gone on with, if there is one."""
        from pathlib import Path

        from tui_workflow.session.choose import earlier_unfinished, latest
        from tui_workflow.store.places import home_for

        self.wanted = self.read()
        self.home = home_for(Path(self.flow), self.state_dir)
        found = None if new else latest(self.flow, self.home, self.which)
        self.earlier = None
        if found is not None and resume and not found.unfinished:
            self.earlier = earlier_unfinished(self.flow, self.home)
        return found

    def assign(self, found: Latest | None) -> tuple[Assignment, RunLock]:
        """Take up the found run, or begin another when there is none."""
        from tui_workflow.facts.commands import RetryItems
        from tui_workflow.flow.load import load
        from tui_workflow.session.choose import begin, take_up

        if found is not None:
            plan = load(self.flow) if os.path.exists(self.flow) else None
            assignment, lock = take_up(found.path, self.wanted, plan)
        else:
            assignment, lock = begin(load(self.flow), self.home, self.wanted)
        assignment.source = os.path.abspath(self.flow)
        if self.rerun_stale:
            assignment.wishes = [*assignment.wishes, RetryItems(stale=True)]
        return assignment, lock

    async def prewarm(self, pool: Pool, assignment: Assignment) -> None:
        """Start the workers that the first steps will ask for."""
        import asyncio

        from tui_workflow.session.workers import at_start

        pool.prewarm(at_start(assignment.plan, assignment.state, assignment.max_slots))
        await asyncio.sleep(0)

    async def report(self, assignment: Assignment, pool: Pool, lock: RunLock) -> int:
        """Conduct the run with lines on stdout."""
        from tui_workflow.session.conduct import Style, headless

        return await headless(
            assignment, pool, lock, Style("json" if self.as_json else "plain", self.strict, self.reload)
        )

    async def show(self, screen: Screen, assignment: Assignment, pool: Pool, lock: RunLock) -> int:
        """Conduct the run under the dashboard."""
        from tui_workflow.session.conduct import on_screen

        await screen.prepare()
        resume = self.resuming(assignment.path)
        return await on_screen(screen, assignment, pool, lock, strict=self.strict, resume=resume)

    def resuming(self, path: Path, *words: str) -> str:
        """The command that takes the run in `path` up, wherever that lies."""
        import shlex

        from tui_workflow.session.again import resume_options

        return shlex.join(["wf-tui", self.flow, *words, "--resume", *resume_options(path, self.flow)])

    def decide(self, found: Latest | None, resume: bool) -> bool | int | None:
        """True to take the found run up, False to begin another, a number to end with it, None to ask."""
        if found is None:
            if resume:
                self.words.append("There is no run of this flow yet: this starts one.")
            return False
        from tui_workflow.session.again import retry_command
        from tui_workflow.text import plural

        run = found.state.run
        if resume:
            if found.unfinished or self.rerun_stale or self.wanted.only or self.wanted.start_at:
                return True
            if found.state.failed:
                failed = plural(found.state.failed, "item")
                self.words.append(
                    f"The latest run, {run}, succeeded with {failed} failed: there is nothing to resume. --new starts another. "
                    f"To run the failed again:  {retry_command(found.path, found.state)}"
                )
            else:
                self.words.append(
                    f"The latest run, {run}, succeeded: there is nothing to resume. --new starts another."
                )
            if self.earlier:
                self.words.append(
                    f"An earlier one, {self.earlier}, is unfinished. To go on with it:  "
                    f"{self.resuming(found.path.with_stem(self.earlier))}"
                )
            return 0
        if found.held:
            from tui_workflow.session.choose import held_by
            from tui_workflow.store.lock import held, lock_path

            if not self.plain:
                raise held_by(found.path, held(lock_path(found.path)))
            if found.state.finished is None:
                self.words.append(f"Another run of this flow, {run}, is live in {found.holder}.")
                return False
            self.words.append(
                f"The dashboard of the run {run} is still open in {found.holder}: leave it to go on there."
            )
        if self.plain:
            self.leave_behind(found)
            return False
        return None if found.unfinished or found.state.failed else False

    def leave_behind(self, found: Latest) -> None:
        """Say what a new run does again that an earlier one has done, and the command that would not: items may cost money."""
        from tui_workflow.session.again import retry_command
        from tui_workflow.text import grouped, plural

        state = found.state
        if found.unfinished:
            done, total = (sum(getattr(step, name) for step in state.steps.values()) for name in ("done", "total"))
            listed = all(step.total_known or not step.shape.for_each for step in state.steps.values())
            came = "has failed" if state.status == "failed" else f"is {state.status}"
            counts = f"{grouped(done)} of {plural(total, 'item')}{'' if listed else ' listed so far'}"
            self.words.append(
                f"A new run begins. The earlier run {state.run} {came} with {counts} done, and is left as it is: "
                f"these run again here. To go on with it instead:  {self.resuming(found.path, '--headless')}"
            )
        elif state.failed:
            self.words.append(
                f"A new run begins, all items run again. The earlier run {state.run} is over, {plural(state.failed, 'item')} failed. "
                f"To run only those again:  {retry_command(found.path, state)}"
            )


@click.command()
@click.argument("params", nargs=-1, metavar="[NAME=VALUE]...")
@run_option
@click.option("--step", metavar="STEP", help="Only failed items of this step.")
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="KEY",
    help="Only the item with this key, as `wf-tui failed` lists it; may be given more than once.",
)
@click.option(
    "--group",
    metavar="GROUP",
    help="Only failures of one cause, by its mark in `wf-tui failed --group` or by its error's type.",
)
@click.option("--open", "opened", is_flag=True, help="With the dashboard rather than plain lines.")
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
    launch = Launch("", lambda: Wanted(assignments(params)), None, not opened, False, strict, False)
    return asyncio.run(_retry(path, launch, step, keys, group))


async def _tried_again(
    launch: Launch, assignment: Assignment, pool: Pool, lock: RunLock, wishes: Sequence[RetryItems]
) -> int:
    """Run what is wished for without a dashboard, and say what became of it, however the run itself ends."""
    from tui_workflow.store.runfile import RunFile
    from tui_workflow.view.retried import Retried, Watched

    assert assignment.state is not None
    steps = assignment.state.steps
    retried = Retried([Watched(steps[wish.step], wish.items) for wish in wishes if wish.step and wish.items])
    code = await launch.report(assignment, pool, lock)
    with RunFile(assignment.path) as file:
        told = retried.in_the_end(file.state().steps)
    if told:
        click.echo(f"\n{told}")
    return code


async def _retry(path: Path, launch: Launch, step: str | None, keys: tuple[str, ...], group: str | None) -> int:
    from tui_workflow.errors import UsageError
    from tui_workflow.session.choose import take_up
    from tui_workflow.session.retrying import chosen
    from tui_workflow.view.stopped import goes_on
    from tui_workflow.workers.pool import Pool

    assignment, lock = take_up(path, launch.read())
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
        if assignment.state is not None and (words := goes_on(assignment.state)):
            assignment.notes.append(words)
        if launch.plain:
            for note in assignment.notes:
                click.echo(note, err=True)
            return await _tried_again(launch, assignment, pool, lock, wishes)
        from tui_workflow.session.screen import Screen

        async with Screen(assignment.plan.flow.name, "opening") as screen:
            return await launch.show(screen, assignment, pool, lock)
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
