"""The groups of failures as pane 3 lists them: sorted, and with a filter only the groups and the numbers that it keeps."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from tui_workflow.facts.state import RunState, StepState
from tui_workflow.view import listing
from tui_workflow.view.nav import Items, Nav, Pane
from tui_workflow.view.panes import failures
from tui_workflow.view.panes.failures import Cause


def listed(state: RunState, nav: Nav) -> list[Cause]:
    """The groups that the filter keeps, and last, without failed items, the one under the cursor that was retried just now.

    If the cursor went to another group by itself, the next key would act on what nobody has looked at.
    """
    found = _with_failed(state, nav)
    waits = nav.group == nav.group_waits and nav.pane == Pane.FAILURES and nav.place == "main"
    if not waits or any(cause.mark == nav.group for cause in found):
        return found
    every = (Cause(step.name, group) for step in state.steps.values() for group in step.groups)
    return [*found, *(cause for cause in every if cause.mark == nav.group and not cause.group.count)]


def _with_failed(state: RunState, nav: Nav) -> list[Cause]:
    """The groups that the filter keeps. A group that holds the text in its own words is kept whole; of others the
    count is of those failed items that hold it in what the run file knows of them. An inverse filter keeps the rest.
    """
    steps, held = list(state.steps.values()), nav.group_filter
    every = failures.causes(steps, nav.group_sort)
    if not held.text:
        return every
    whole = {cause.mark for cause in failures.causes(steps, text=held.text)}
    hits = {step.name: _hits(step, nav) for step in steps}
    found = []
    for cause in every:
        count = cause.group.count if cause.mark in whole else _count(state, cause, hits)
        if held.inverse:
            count = cause.group.count - count
        if count > 0:
            found.append(
                cause if count == cause.group.count else replace(cause, group=replace(cause.group, count=count))
            )
    if nav.group_sort == "count":
        found.sort(key=lambda cause: -cause.group.count)
    return found


def failures_moved(step: StepState) -> object:
    """Changes whenever an item of the step fails, or is no longer failed."""
    return tuple((group.count, group.last_at) for group in step.groups)


def _hits(step: StepState, nav: Nav) -> Counter[int | None]:
    """How many items of each group were found, by its place: counted once for what was found and what has failed, for a
    hundred thousand of them take milliseconds, and a frame asks more than once.
    """
    found = nav.group_found.get(step.name)
    if not found:
        return Counter()
    moved = failures_moved(step)
    known = nav.group_hits.get(step.name)
    if known is None or known[0] is not found or known[1] != moved:
        known = nav.group_hits[step.name] = found, moved, Counter(map(step.failures.get, found))
    return known[2]


def _count(state: RunState, cause: Cause, hits: dict[str, Counter[int | None]]) -> int:
    groups = state.steps[cause.step].groups
    place = next(n for n, group in enumerate(groups) if group.fingerprint == cause.group.fingerprint)
    return hits[cause.step][place]


def kept(state: RunState, nav: Nav, cause: Cause) -> tuple[int, ...] | None:
    """The items of a group that the filter keeps, None if these are all of it."""
    step = state.steps[cause.step]
    members = listing.numbers(step, Items(cause.step, "", group=cause.group.fingerprint))
    if len(members) == cause.group.count:
        return None
    found, inverse = frozenset(nav.group_found.get(cause.step, ())), nav.group_filter.inverse
    return tuple(number for number in members if (number in found) is not inverse)
