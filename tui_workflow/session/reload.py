"""An edited flow, taken up while it runs: what holds at once, what waits for a person, what is rejected and why.

The files are read again whenever something may have changed; the same bytes as before change nothing. A save that is not valid,
or whose handlers a worker cannot import, leaves the last good revision in force, from its stored text and sources.
"""

from __future__ import annotations

import asyncio
import os
import time
from codecs import BOM_UTF8
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from difflib import unified_diff
from typing import Any

from tui_workflow.engine.engine import Engine
from tui_workflow.errors import InvalidFlow, Source, UsageError
from tui_workflow.facts import events as ev
from tui_workflow.facts.commands import Progress, Reply, RetryItems
from tui_workflow.facts.outcome import ErrorInfo
from tui_workflow.flow.diff import PlanDiff, StepDiff, diff
from tui_workflow.flow.load import examine
from tui_workflow.flow.merge import in_force
from tui_workflow.flow.params import resolve
from tui_workflow.flow.plan import Plan
from tui_workflow.flow.problems import Problem, render
from tui_workflow.session.assignment import relisted, shapes
from tui_workflow.store.journal import Journal
from tui_workflow.view.numbers import plural
from tui_workflow.view.ports import Edit, EditedFile, Mark, Rejected, ReloadPlan
from tui_workflow.view.stepline import param_line, step_line
from tui_workflow.watch import changes

HALF_SAVED_SECONDS = 0.2
"""An invalid file is read again after this long before anybody is told: it may be half written, or away for a moment."""
MOST_BYTES = 16 << 20
"""Of a file that is watched; the loader refuses far smaller ones."""


class Reloader:
    """Takes up the edits of one run's flow. `strict` rejects structural edits, since nobody is there to accept them."""

    def __init__(
        self, path: str, engine: Callable[[], Engine], journal: Callable[[], Journal], *, strict: bool
    ) -> None:
        self._path = os.path.abspath(path)
        self._engine = engine
        self._journal = journal
        self._strict = strict
        self._lock = asyncio.Lock()
        self._seen: dict[str, bytes] | None = None
        self.saved: Plan | None = None
        """The plan of the latest valid save, whose structural edits may still wait."""
        self._earlier: tuple[int, Plan] | None = None
        """What was saved before that, and as which revision."""
        self.plan: ReloadPlan | None = None
        self.rejected: Rejected | None = None

    async def watch(self) -> None:
        """Take up edits until cancelled, those included that were saved since the plan was read."""
        self._seen = self._as_planned()
        async for _ in changes(self._files):
            await self.look()

    def _files(self) -> list[str]:
        folder = os.path.dirname(os.path.abspath(self._path))
        stem = os.path.splitext(os.path.basename(self._path))[0]
        known = [self._path, os.path.join(folder, f"{stem}.py"), os.path.join(folder, "handlers.py")]
        plans = [self._engine().plan, *([self.saved] if self.saved is not None else [])]
        for plan in plans:
            known += [handler.path for handler in plan.handlers if os.path.isabs(handler.path)]
        return known

    def _contents(self) -> dict[str, bytes]:
        """The contents of all files; what cannot be read counts as empty."""
        return {path: _read(path) for path in self._files()}

    def _as_planned(self) -> dict[str, bytes]:
        """The contents that the plan in force was made from; of what is gone since, nothing: a run goes on without."""
        made = self._made_of(self._engine().plan)
        return {path: made.get(path, now) if now else now for path, now in self._contents().items()}

    def _made_of(self, plan: Plan) -> dict[str, bytes]:
        """The contents that a plan was made from."""
        made = {handler.path: handler.source for handler in plan.handlers}
        made[self._path] = plan.text.encode("utf-8", "surrogateescape")
        return made

    async def look(self) -> None:
        """Read the files again; take up what is new and valid, reject what is not."""
        async with self._lock:
            contents = await asyncio.to_thread(self._contents)
            while contents != self._seen:
                saved, problems = await asyncio.to_thread(examine, self._path)
                if saved is None:
                    # A file that is being written, or put in place of another, is not yet what somebody saved.
                    await asyncio.sleep(HALF_SAVED_SECONDS)
                before, contents = contents, await asyncio.to_thread(self._contents)
                if contents != before:
                    continue
                edited = {path for path, text in contents.items() if text != (self._seen or {}).get(path)}
                self._seen = contents
                await self._journal().flush()
                if saved is None:
                    self._reject(problems)
                else:
                    await self._take(saved, edited)

    async def _take(self, saved: Plan, edited: Collection[str]) -> None:
        engine = self._engine()
        current = engine.plan
        if _same(saved, self.saved or current):
            if self.rejected is not None:
                # The save that was refused is undone: what is in force is what the files say.
                self.rejected = None
                now, number = time.time(), engine.revision
                engine.record([ev.RevisionTaken(now, number, shapes(current))])
            return
        difference = diff(current, saved)
        if self._strict and difference.structural:
            self._reject(_structural(difference, saved))
            return
        plan = await self._in_force(saved, difference)
        wrong = await engine.trial(plan, engine.revision + 1)
        if wrong is not None:
            self._reject([_refusal(*wrong, saved, edited)])
            return
        self._adopt(plan, saved, difference)

    async def _in_force(self, plan: Plan, difference: PlanDiff) -> Plan:
        """What of another plan holds at once."""
        return await asyncio.to_thread(in_force, self._engine().plan, plan) if difference.structural else plan

    def _adopt(self, plan: Plan, saved: Plan, difference: PlanDiff) -> None:
        """Put a plan into force as the next revision."""
        engine, now = self._engine(), time.time()
        current = engine.plan
        number = engine.revision + 1
        before = self.saved or current
        self._earlier = number - 1, before
        self.saved, self.rejected = saved, None
        self._store(number, now, saved)
        self.plan = reload_plan(before, saved, difference, diff(current, plan), number, now)
        engine.take_revision(plan, number, [ev.RevisionTaken(now, number, shapes(plan))])

    def _store(self, number: int, now: float, plan: Plan) -> None:
        self._journal().add_revision(
            number,
            now,
            plan.path,
            plan.text.encode("utf-8", "surrogateescape"),
            [(handler.path, handler.source) for handler in plan.handlers],
        )

    def _reject(self, problems: list[Problem]) -> None:
        errors = [problem for problem in problems if problem.severity == "error"] or problems
        first = errors[0]
        now = time.time()
        self.rejected = Rejected(
            path=first.file,
            line=first.line,
            column=first.column,
            message=first.message,
            hint=first.hint,
            problems=tuple(line for problem in errors for line in render(problem)),
            text=_read(first.file).decode("utf-8", "replace"),
            lines=tuple(dict.fromkeys(problem.line for problem in errors if problem.file == first.file)),
            marks=tuple(
                Mark(problem.line, problem.column, problem.message, problem.hint)
                for problem in errors
                if problem.file == first.file
            ),
            count=len(errors),
            saved=now,
        )
        engine = self._engine()
        told = tuple(map(_told, errors))
        engine.record([ev.ReloadRejected(now, engine.revision, told)])

    async def take_up(self, then: str, progress: Progress | None = None) -> Reply:
        """Accept the structural edits that wait, and run failed or stale items again if that is wished, in portions."""
        async with self._lock:
            saved, engine = self.saved, self._engine()
            edits = self.plan.waiting if self.plan is not None else ()
            text = ""
            if saved is not None and edits:
                await self._journal().flush()
                try:
                    gained = self._gained(saved)
                except UsageError as error:
                    missing = "; ".join(error.message.splitlines())
                    return Reply(f"Not taken up: {missing}; only --resume takes one", refused=True)
                wrong = await engine.trial(saved, engine.revision, gained)
                if wrong is not None:
                    return Reply(f"Not taken up: {_told(_refusal(*wrong, saved, (saved.path,)))}", refused=True)
                self._take_structure(saved, engine, gained)
                text = f"{plural(len(edits), 'edit')} taken up"
            elif not then:
                return Reply("Nothing waits to be taken up", refused=True)
        if then:
            await self._journal().flush()
            reply = await engine.send_in_portions(RetryItems(stale=then == "stale"), progress or Progress())
            return Reply(
                "; ".join(filter(None, (text, reply.text))), reply.count, reply.reruns, reply.refused and not text
            )
        return Reply(text, len(edits))

    def _gained(self, saved: Plan) -> dict[str, Any]:
        """The values of parameters that the run has none for, by default, as a resume has them. Raises `UsageError`."""
        known = self._engine().params
        params = {name: param for name, param in saved.flow.params.items() if name not in known}
        flow = saved.flow.model_copy(update={"params": params})
        return resolve(flow, {}, flow_dir=os.path.dirname(saved.path))

    def _take_structure(self, saved: Plan, engine: Engine, gained: Mapping[str, Any]) -> None:
        now, number = time.time(), engine.revision
        again = relisted(engine.plan, saved, engine.state)
        if self.plan is not None:
            self.plan = replace(self.plan, in_force=self.plan.in_force + self.plan.waiting, waiting=())
        facts: list[ev.Event] = [ev.RevisionTaken(now, number, shapes(saved))]
        known = engine.state.steps | engine.state.removed
        facts += [ev.StepReopened(now, name, "its items changed", relist=True) for name in again if name in known]
        # A run that has ended goes on for steps that are new.
        added = any(planned.name not in engine.state.steps for planned in saved.steps)
        if engine.finished and (again or added):
            facts.insert(0, ev.RunResumed(now, engine.state.pid, engine.state.host))
        engine.take_revision(saved, number, facts, again, gained)

    async def go_back(self) -> Reply:
        """Run by the revision before the present one again, as a new revision."""
        async with self._lock:
            engine = self._engine()
            if self._earlier is None:
                return Reply("There is no earlier revision to go back to", refused=True)
            number, earlier = self._earlier
            difference = diff(engine.plan, earlier)
            plan, contents = await self._in_force(earlier, difference), await asyncio.to_thread(self._contents)
            self._adopt(plan, earlier, difference)
            assert self.plan is not None
            self.plan = replace(self.plan, again=number, ahead=self._other_than(earlier, contents))
            told = [f"Back to r{number}, as r{engine.revision}", self.plan.still_edited]
            return Reply("; ".join(filter(None, told)))

    def _other_than(self, plan: Plan, contents: Mapping[str, bytes]) -> tuple[str, ...]:
        """The names of the files that say something else than a plan."""
        made = self._made_of(plan)
        texts = {path: text.removeprefix(BOM_UTF8) if path == self._path else text for path, text in contents.items()}
        return tuple(os.path.basename(path) for path, text in texts.items() if text != made.get(path, b""))


def _same(one: Plan, other: Plan) -> bool:
    return one.text == other.text and one.handlers == other.handlers


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(MOST_BYTES)
    except (OSError, ValueError):
        return b""


def _told(problem: Problem) -> str:
    """A problem in one line."""
    hint = f" ({problem.hint})" if problem.hint else ""
    return f"{problem.file}:{problem.line}:{problem.column}: {problem.message}{hint}"


def _structural(difference: PlanDiff, saved: Plan) -> list[Problem]:
    """Why an edit waits for somebody, at each step that it is about."""
    lines = {planned.name: planned.step.line for planned in saved.steps}
    source = saved.text.split("\n")
    found = []
    for step in difference.steps:
        if step.structural:
            keys = [change.key for change in step.changes if change.kind == "structural"] + ["order"] * step.moved
            what = f"{', '.join(keys)} changed" if step.what == "changed" else step.what
            line = lines.get(step.name, 1)
            excerpt = source[line - 1] if step.name in lines and line <= len(source) else ""
            found.append(_waits(f"step {step.name} {what}", saved, line, excerpt))
    for change in difference.flow:
        if change.kind == "structural":
            name = change.key.removeprefix("params.")
            line = param_line(saved.text, name) or 1
            found.append(_waits(f"parameter {name} added", saved, line, source[line - 1]))
    return found


def _waits(what: str, saved: Plan, line: int, excerpt: str) -> Problem:
    message = f"{what}: a structural edit waits for a person"
    hint = "the dashboard asks for it; 'wf-tui FLOW --resume' takes it up"
    return Problem("error", saved.path, line, _column(excerpt), message, hint, excerpt)


def _column(excerpt: str) -> int:
    return len(excerpt) - len(excerpt.lstrip()) + 1


def _refusal(step: str, error: ErrorInfo, saved: Plan, edited: Collection[str]) -> Problem:
    """What a worker said of a valid edit that it cannot work by.

    That a step and its handler do not fit is told of the handler; it is a problem of the flow if only that was edited.
    """
    file, line = error.where or (saved.path, 1)
    fit, place = error.type == InvalidFlow.__name__, f"{Source(file, line)}: "
    if not os.path.isfile(file) or (fit and file not in edited and saved.path in edited):
        file, line = saved.path, step_line(saved.text, step) or 1
    text = _read(file).decode("utf-8", "replace").split("\n")
    excerpt = text[line - 1] if 0 < line <= len(text) else ""
    message = error.message.removeprefix(place) if fit else ": ".join(filter(None, (error.type, error.message)))
    return Problem("error", file, line, _column(excerpt), message, "a worker tried to take it up", excerpt)


def reload_plan(
    before: Plan, after: Plan, difference: PlanDiff, held: PlanDiff, number: int, saved: float
) -> ReloadPlan:
    """The difference of two plans as the screen shows it. `held` is what of it holds already; the rest waits.

    The text is that of `before`, the save before this one, against this one.
    """
    force: list[Edit] = []
    waiting: list[Edit] = []
    holds = {step.name: step for step in held.steps}
    for step in difference.steps:
        now = holds.get(step.name)
        if step.what != "changed":
            waiting.append(Edit(step.name, step.what, note=_place(step, after)))
            continue
        stale = now is not None and now.stale
        keys = {change.key for change in now.changes} if now is not None else set()
        for change in step.changes:
            edit = Edit(step.name, "changed", change.key, change.old or "", change.new or "")
            (force if change.key in keys else waiting).append(edit)
        if step.moved:
            waiting.append(Edit(step.name, "changed", "order", note=_place(step, after)))
        if stale and not keys:
            force.append(Edit(step.name, "changed", "code"))
    keys = {change.key for change in held.flow}
    for change in difference.flow:
        note = "holds from the next run on" if change.kind == "frozen" else ""
        edit = Edit("", "changed", change.key, change.old or "", change.new or "", note)
        (force if note or change.key in keys else waiting).append(edit)
    files = {file.path for file in held.files}
    for file in difference.files:
        if file.path not in files:
            note = f"{os.path.basename(file.path)} +{file.added} -{file.removed}"
            waiting += [Edit(name, "changed", "code", note=note) for name in file.steps or ("",)]
    touched = {step.name for step in difference.steps}
    return ReloadPlan(
        path=after.path,
        before=number - 1,
        after=number,
        saved=saved,
        in_force=tuple(force),
        files=tuple(EditedFile(file.path, file.added, file.removed, file.steps) for file in held.files),
        waiting=tuple(waiting),
        unchanged=sum(planned.name not in touched for planned in after.steps),
        text=text_diff(before, after),
    )


def _place(step: StepDiff, plan: Plan) -> str:
    if step.what == "removed":
        return "removed"
    names = [planned.name for planned in plan.steps]
    at = names.index(step.name)
    return f"after {names[at - 1]}" if at else "first"


def text_diff(before: Plan, after: Plan) -> tuple[str, ...]:
    """The difference of the texts of flow and handler files, line by line, as `git diff` writes it.

    Files are named from the folder of the flow; one that there was not, or is no longer, is `/dev/null`.
    """
    folder = os.path.dirname(after.path)
    old = {handler.path: handler.source for handler in before.handlers}
    new = {handler.path: handler.source for handler in after.handlers}
    pairs: list[tuple[str, str | None, str | None]] = [(os.path.basename(after.path), before.text, after.text)]
    for path in dict.fromkeys([*old, *new]):
        name = path.removeprefix(f"{folder}/") if path.startswith(f"{folder}/") else os.path.basename(path)
        was, now = (sources[path].decode("utf-8", "replace") if path in sources else None for sources in (old, new))
        pairs.append((name, was, now))
    found: list[str] = []
    for name, was, now in pairs:
        if was != now:
            heads = (f"a/{name}" if was is not None else "/dev/null", f"b/{name}" if now is not None else "/dev/null")
            for line in unified_diff(_lines(was or ""), _lines(now or ""), *heads):
                found += [line.removesuffix("\n")] if line.endswith("\n") else [line, "\\ No newline at end of file"]
    return tuple(found)


def _lines(text: str) -> list[str]:
    """The lines with their ends. Only a line feed ends one, for `diff` and for an editor's numbers."""
    *whole, last = text.split("\n")
    return [*(f"{line}\n" for line in whole), *([last] if last else [])]
