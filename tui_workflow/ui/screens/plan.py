"""The reload plan: what a saved edit changed, and what a person decides about it. It owns its keys while it is open."""

from __future__ import annotations

from collections.abc import Sequence

from tui_workflow.facts.commands import GoBack, TakeUp
from tui_workflow.text import visible
from tui_workflow.ui import keymap as names
from tui_workflow.ui.actions.copy import put
from tui_workflow.ui.actions.retry import retry_scopes
from tui_workflow.ui.bulk import wish_for_many
from tui_workflow.ui.desk import Desk
from tui_workflow.ui.rerun import run_stale, stale_count, stale_words
from tui_workflow.ui.scope import Scope, failed_in, shown
from tui_workflow.view import numbers
from tui_workflow.view.columns import cut
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Span
from tui_workflow.view.mended import edited
from tui_workflow.view.nav import Pane
from tui_workflow.view.panes import plan as pane
from tui_workflow.view.panes import textdiff
from tui_workflow.view.panes.dialog import EDGES, Box, Choice, choices, keys
from tui_workflow.view.panes.row import BLANK, Rows, Target
from tui_workflow.view.ports import ReloadPlan

WIDTH = 86
"""Columns of text that it takes where there is room."""
NAMED, BRIEF = 20, 9
"""Columns of a cause in an answer, on a wide and on a narrow screen."""
FRAME = 6
"""Rows and columns that a dialog's frame and its padding take."""


class PlanDialog:
    """The plan, or the text diff behind it."""

    def __init__(self, desk: Desk, plan: ReloadPlan) -> None:
        self.desk = desk
        self.plan = plan
        self._shown = shown(desk) if _at_a_cause(desk) else []
        self.at = 0
        self.reading = False
        """The text diff is open."""
        self.top = 0
        self._room = 1

    # what it shows

    def box(self, width: int, height: int, glyphs: Glyphs) -> Box:
        self.plan = self.desk.feed.reload_plan() or self.plan
        room = min(WIDTH, max(20, width - 8))
        tail = pane.title(self.plan, glyphs) if width >= 70 else ()
        rejected = self.desk.feed.rejected()
        above = pane.refused(rejected, self.plan, room, glyphs) if rejected is not None else []
        if self.reading:
            return self._diff(room, height, tail, above)
        offered = self._offers(brief=room < pane.WITH_COUNTS)
        self.at = min(self.at, len(offered) - 1)
        last = keys([(self.desk.key(name), word, name) for name, word in self._others()], room)
        below = height > 3 * (2 * len(offered) + len(last))  # else what the answers would do is cut, not what changes
        foot: Rows = [BLANK, *choices(offered, self.at, room if below else 0), BLANK, *last]
        gone = self._gone()  # what these run ends at once
        flying = {name: len(lane) for name, lane in self.desk.lanes().items() if name not in gone}
        rows = pane.rows(self.plan, self.desk.state, flying, room, height - FRAME - len(above) - len(foot), glyphs)
        return Box("Reload plan", [*above, *rows], width=room, tail=tail, foot=foot)

    def _diff(self, room: int, height: int, tail: tuple[Span, ...], above: Rows) -> Box:
        length = len(self.plan.text)
        self._room = max(1, height - EDGES - len(above) - len(self._diff_keys(length, room)) - 1)
        self.top = min(max(0, self.top), max(0, length - self._room))
        below = length - self.top - self._room
        rows = textdiff.rows(self.plan.text, self.top, room, self._room)
        rows += [BLANK] * (min(self._room, length) - len(rows))
        return Box("Text diff", [*above, *rows], width=room, tail=tail, foot=[BLANK, *self._diff_keys(below, room)])

    def _diff_keys(self, below: int, room: int) -> Rows:
        """The keys of the text diff, of which there are `below` more lines below."""
        pairs = [
            (self.desk.key("plan_copy"), "copy it", "plan_copy"),
            (self.desk.key("plan_close"), "back to the plan", "plan_close"),
        ]
        if self.top or below > 0:
            pairs.insert(
                0, ("j k", f"scroll, {numbers.count(below)} more below" if below > 0 else "scroll", "plan_diff")
            )
        return keys(pairs, room)

    def _offers(self, *, brief: bool = False) -> list[Choice]:
        """The answers that there is something for; `brief` for a narrow screen."""
        desk = self.desk
        waiting = len(self.plan.waiting)
        lead = "accept, and run" if waiting else "run"
        if waiting:
            first = Choice(
                desk.key("plan_accept"),
                "plan_accept",
                f"accept the {numbers.plural(waiting, 'edit')}" if waiting > 1 else "accept the edit",
                self._readers(brief=brief),
            )
        else:
            first = Choice(desk.key("plan_accept"), "plan_accept", "close", "all of it is in force already")
        found = [first]
        failed = self._failed()
        if failed:
            effect = numbers.plural(failed, "item") + ("" if brief else ", attempts counted anew")
            found.append(Choice(desk.key("plan_failed"), "plan_failed", f"{lead} the failed again", effect))
        chosen = self._selected(self._shown)
        if chosen:
            count = sum(len(failed_in(desk, scope)) for scope in chosen)
            name = cut(visible(chosen[0].name), BRIEF if brief else NAMED)
            effect = (
                f"{numbers.plural(count, 'item')}, {name if len(chosen) == 1 else f'{len(chosen)} causes'}; asks first"
            )
            found.append(Choice(desk.key("plan_group"), "plan_group", f"{lead} the selected again", effect))
        stale = stale_count(desk)
        if stale:
            effect = f"{stale_words(desk)}; asks first"
            found.append(Choice(desk.key("plan_stale"), "plan_stale", f"{lead} the stale again", effect))
        return found

    def _gone(self) -> set[str]:
        """The steps that accepting the edits takes out of the run."""
        return {edit.step for edit in self.plan.waiting if edit.what == "removed"}

    def _failed(self) -> int:
        """The failed items of the steps that stay."""
        gone = self._gone()
        return sum(step.failed for step in self.desk.state.steps.values() if step.name not in gone)

    def _given_up(self, *, brief: bool) -> str:
        """What is lost when steps go and others come: for the run, a step of another name is another step. Empty if nothing is."""
        steps = self.desk.state.steps
        done = sum(steps[name].done for name in self._gone() if name in steps)
        if not done or all(edit.what != "added" for edit in self.plan.waiting):
            return ""
        if brief:
            return "new steps begin at 0"
        counts = "item done before counts" if done == 1 else "items done before count"
        return f"{numbers.count(done)} {counts} no more, new steps begin at 0"

    def _readers(self, *, brief: bool) -> str:
        """What accepting the edits makes run again: what reads steps whose items are listed again, as far as it has run."""
        listed = [edit.step for edit in self.plan.waiting if edit.key in ("for_each", "key")]
        again = dict.fromkeys(name for step in listed for name in self.desk.feed.reruns(step) if name not in listed)
        if lost := self._given_up(brief=brief):
            return lost
        if not again:
            return "nothing done runs again" if brief else "nothing that is done runs again"
        if len(again) == 1 and not brief:
            return f"{cut(visible(next(iter(again))), NAMED)} runs again, for its items may change"
        return f"{numbers.plural(len(again), 'step')} that {'reads' if len(again) == 1 else 'read'} it run{'s' * (len(again) == 1)} again"

    def _selected(self, among: Sequence[Scope]) -> list[Scope]:
        """The failures in front that the edit is about, as far as they are still failed."""
        about, steps = edited(self.plan, waiting=True), self.desk.state.steps
        return [scope for scope in among if scope.step in about and scope.step in steps and failed_in(self.desk, scope)]

    def _others(self) -> list[tuple[str, str]]:
        rejected = self.desk.feed.rejected()
        return [
            ("plan_diff", "text diff"),
            ("plan_back", f"back to r{self.plan.before}"),
            ("plan_edit", "edit again" if rejected is None else f"edit line {rejected.line}"),
            ("plan_close", "close, changes nothing"),
        ]

    # what it does

    def press(self, key: str, character: str | None) -> None:
        if self.reading and self._scroll(key):
            return
        offered = self._offers()
        match names.SAME.get(key, key):
            case "down" | "j" | "tab":
                self.at = (self.at + 1) % len(offered)
            case "up" | "k" | "shift+tab":
                self.at = (self.at - 1) % len(offered)
            case "enter" if self.at:
                self.act(offered[self.at].name)
            case _:
                name = names.read(key, character, self.desk.keymap, "plan")
                if name is not None:
                    self.act(name)

    def click(self, target: Target) -> None:
        if target.kind == "choice" and isinstance(target.value, int):
            self.act(self._offers()[target.value].name)
        elif target.kind == "key":
            self.act(str(target.value))

    def act(self, name: str) -> None:
        """Do what a key of the plan says."""
        desk = self.desk
        if name == "plan_copy":
            put(desk, "".join(f"{line}\n" for line in self.plan.text), "the text diff")
            return
        if self.reading:
            if name in ("plan_close", "plan_diff"):
                self.reading = False
            return
        match name:
            case "plan_diff":
                self.reading, self.top = True, 0
                return
            case "plan_accept":
                if self.plan.waiting:
                    desk.wish(TakeUp())
            case "plan_failed":
                failed = self._failed()
                if not failed:
                    desk.refuse("No item has failed" + (" of a step that stays" if desk.state.failed else ""))
                    return
                wish_for_many(desk, "Queuing what failed", TakeUp("failed"), failed)
            case "plan_group":
                chosen = self._selected(shown(desk) if _at_a_cause(desk) else [])
                if not chosen:
                    desk.refuse("No failures of a step that was edited are selected")
                    return
                desk.close(self)
                retry_scopes(desk, chosen, accept=len(self.plan.waiting))
                return
            case "plan_stale":
                if not stale_count(desk):
                    desk.refuse(f"Nothing is stale   {desk.key('plan_accept')} accepts the edits alone")
                    return
                desk.close(self)
                run_stale(desk)
                return
            case "plan_back":
                desk.wish(GoBack())
            case "help":
                desk.close(self)
                desk.run("help")
                return
            case "plan_edit":
                desk.close(self)
                desk.run("edit")
                return
        desk.close(self)

    def _scroll(self, key: str) -> bool:
        match key:
            case "down" | "j":
                self.top += 1
            case "up" | "k":
                self.top -= 1
            case "ctrl+d" | "pagedown" | "space":
                self.top += max(1, self._room // 2)
            case "ctrl+u" | "pageup":
                self.top -= max(1, self._room // 2)
            case "g" | "home":
                self.top = 0
            case "G" | "end" | "upper_g":
                self.top = len(self.plan.text)
            case "enter":
                self.reading = False
            case _:
                return False
        return True


def _at_a_cause(desk: Desk) -> bool:
    """Whether failures are in front: a group of them is selected, or its items are listed."""
    nav = desk.nav
    if nav.place == "items":
        return nav.items is not None and nav.items.group is not None
    return nav.place == "main" and nav.pane == Pane.FAILURES
