"""What every action and every page works with: the run, the reader, and a way to say something.

It knows no widget. The app paints from it; actions change it and ask for a paint.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from tui_workflow.errors import UsageError
from tui_workflow.facts.commands import Command, Reply
from tui_workflow.facts.state import Item, RunState, StepState
from tui_workflow.facts.work import Running
from tui_workflow.ui import inflight
from tui_workflow.ui.itemlist import ItemList
from tui_workflow.ui.loader import Loader
from tui_workflow.ui.logfeed import LogFeed
from tui_workflow.ui.logsearch import MOST_HITS, Found, LogSearch, found
from tui_workflow.ui.options import Left, Options
from tui_workflow.ui.search import GroupSearch
from tui_workflow.view import broken, numbers
from tui_workflow.view.frame import Frame
from tui_workflow.view.glyphs import UNICODE
from tui_workflow.view.keys import Context, Keymap
from tui_workflow.view.mended import Mended, mended
from tui_workflow.view.nav import Nav, Pane
from tui_workflow.view.page import CONTEXTS
from tui_workflow.view.panes import banner, failures
from tui_workflow.view.panes.log import Hits
from tui_workflow.view.ports import Details, Feed, RunRow
from tui_workflow.view.sampling import Sampling

if TYPE_CHECKING:
    from tui_workflow.ui.canary import Canary
    from tui_workflow.ui.screens.dialog import Dialog
    from tui_workflow.view.retried import Retried

SAID = 6.0
"""Seconds a sentence stays, unless a key is pressed before."""
AROUND = 10.0
"""Seconds of the log read after a hit."""
LOG_PAGE = 500
"""Stored lines read at once."""


class Desk:
    """One run on the screen."""

    def __init__(
        self,
        feed: Feed,
        details: Details,
        options: Options,
        keymap: Keymap,
        *,
        paint: Callable[[], None],
        arrived: Callable[[], None],
        leave: Callable[[Left], None],
    ) -> None:
        self.feed = feed
        self.details = details
        self.options = options
        self.keymap = keymap
        self.paint = paint
        self.leave = leave
        self.nav = Nav(step=first_step(feed.state))
        if feed.state.finished is not None and feed.state.failed:
            self.nav.pane = Pane.FAILURES
            self.nav.group = failures.causes(list(feed.state.steps.values()), self.nav.group_sort)[0].mark
        self.sampling = Sampling()
        self.loader = Loader(details, arrived)
        self.dialogs: list[Dialog] = []
        self.notice: tuple[str, bool] | None = None
        self.interrupted_at = float("-inf")
        """When ctrl+c was pressed last."""
        self.leaving: Left | None = None
        """How to leave as soon as the run has ended, when somebody chose that."""
        self._said_at = 0.0
        self._lasts: Callable[[], bool] | None = None
        """Whether the sentence on the screen is still true, where that can pass."""
        self._mark = 0
        self.log = LogFeed("", None, self.loader.keys)
        self.item_list = ItemList(self.loader)
        self.group_search = GroupSearch(self.loader)
        self.log_search = LogSearch(self.loader)
        self.known_actions: frozenset[str] = frozenset()
        """The names of all actions that this screen can do."""
        self.run: Callable[[str], None] = lambda name: None
        """Does an action by its name."""
        self.canary: Canary | None = None
        self.busy_with = ""
        """The title of a wish for many items that is being carried out; empty when there is none."""
        self.retried: list[Retried] = []
        """What was queued again from here and has not ended."""
        self.log_found = Found()
        """What the latest search of the log found in the run file."""
        self.copy_out: Callable[[str], None] = lambda text: None
        """Puts a text on the terminal's clipboard."""
        self.show_run: Callable[[Feed, Details], None] = lambda feed, details: None
        """Puts another run on the screen."""
        self.turn_looks: Callable[[], str] = lambda: ""
        """Changes the looks, and says to what."""
        self.set_mouse: Callable[[bool], None] = lambda wanted: None
        """Gives the mouse to this program, or leaves it to the terminal."""
        self.lend: Callable[[Sequence[str]], Coroutine[Any, Any, int]] = _nothing_to_lend
        """Lends the terminal to a program until it ends; gives its exit code."""
        self.root: Callable[[], Desk] = lambda: self
        """Takes away every run that was opened from the first one, and returns that."""
        self.up: Callable[[], None] | None = None
        """Back to the run that this one was opened from."""
        self.frame = Frame(0, 0, UNICODE)
        """What is on the screen, for clicks and for how far half a page is."""

    @property
    def state(self) -> RunState:
        return self.feed.state

    @property
    def step(self) -> StepState | None:
        """The selected step; when a revision took it away, the first one."""
        if self.nav.step not in self.state.steps:
            self.nav.step = first_step(self.state)
        return self.state.steps.get(self.nav.step)

    def keep_up(self) -> None:
        """Look at what runs, until the reader has chosen a step; never while they are at work on the one that is shown."""
        nav = self.nav
        step = self.step
        idle = nav.place == "main" and nav.pane == Pane.STEPS and not nav.zoomed and not self.dialogs
        searched = nav.entry is not None or bool(nav.log.search)
        if nav.chosen or not idle or searched or (step is not None and step.status == "running"):
            return
        if any(each.status == "running" for each in self.state.steps.values()):
            nav.step, nav.cell, nav.log.item = first_step(self.state), None, None

    def context(self) -> Context:
        """Where the keyboard is, in the words of the key table."""
        nav = self.nav
        if nav.place == "main":
            return CONTEXTS[nav.pane]
        if nav.place == "items":
            return "item" if nav.items is not None and nav.items.reading else "items"
        return nav.place

    def banner_shows(self) -> bool:
        """Whether a banner is on the screen."""
        return banner.row(self.due, self.nav.banner_hidden, self.key, 80, UNICODE, 1) is not None

    def definition(self) -> tuple[str, str]:
        """The path and the text that the definition page shows: the save that was not taken up, else what holds."""
        rejected = None if self.nav.definition_in_use else self.feed.rejected()
        return (rejected.path, rejected.text) if rejected is not None else self.details.definition()

    @property
    def mended(self) -> Mended | None:
        """The failures in front, if an edit may have mended them."""
        return mended(self.state, self.nav, self.feed.reload_plan())

    @property
    def due(self) -> banner.Due:
        """What a banner may be about."""
        feed = self.feed
        return banner.Due(self.state, feed.live, feed.trouble, feed.rejected(), self.mended, feed.place)

    def dead_actions(self) -> frozenset[str]:
        """Actions that this run refuses as long as it is on the screen: no hint names their keys."""
        dead = {action.name for action in self.keymap.actions} - self.known_actions
        if not self.feed.live:
            dead |= {action.name for action in self.keymap.actions if action.live}
        if self.options.library is None:
            dead |= {"history", "write"}
        return frozenset(dead)

    def _not_for_item(self) -> set[str]:
        """Actions that would refuse the item under the cursor of a list, or that its page offers where there is room."""
        held = self.nav.items
        if self.nav.place != "items" or held is None or held.item is None or held.marked:
            return {"skip"}
        step = self.state.steps.get(held.step)
        if step is None or held.item >= len(step.states):
            return {"skip"}
        if any(run.item == held.item for run in self.lanes().get(held.step, ())):
            return {"retry", "canary"}
        match step.states[held.item]:
            case Item.FAILED | Item.RETRYING:
                return {"skip"}
            case Item.SKIPPED:
                return {"skip", "canary"}
            case _:
                return {"skip", "retry", "canary"}

    def hidden_actions(self) -> frozenset[str]:
        """Actions that the footer does not offer now."""
        hidden = set(self.dead_actions())
        nav = self.nav
        inside = nav.before or self.up or nav.zoomed or nav.entry or nav.log.item is not None or nav.step_filter.text
        if nav.place == "main" and not inside:
            hidden.add("back")
        if not self.state.failed:
            hidden |= {"canary", "failures"} if broken.of_run(self.state) else {"retry_all", "canary", "failures"}
            if not (self.step and self.step.failed):
                hidden.add("retry")
        hidden |= self._not_for_item()
        if not any(step.stale_to_run for step in self.state.steps.values()):
            hidden.add("rerun_stale")
        if self.feed.rejected() is None:
            hidden.add("in_use")
        if self.step is not None and not self.step.shape.parallel:
            hidden |= {"fewer_slots", "more_slots"}
        if self.state.finished is not None:
            hidden |= {"pause", "fewer_slots", "more_slots"}
        match self.context():
            case "definition":
                hidden.add("open")
            case "steps" | "step" if self.step is None or not self.step.states:
                hidden.add("open")
            case "history":
                hidden |= {"filter", "sort"}
            case "item":
                hidden.add("follow")
                if not self.item_printed():
                    hidden |= {"wrap", "timestamps"}
        if nav.items is not None and nav.items.group is None:
            hidden |= {"next_group", "previous_group"}
        return frozenset(hidden)

    def item_printed(self) -> bool:
        """Whether the page of an item shows a log."""
        held = self.nav.items
        if held is None or held.item is None:
            return False
        flight = inflight.of_item(self, held.step, held.item)
        if flight is not None:
            return bool(flight.lines)
        detail = self.loader.known_detail(held.step, held.item)
        return detail is not None and bool(detail.attempts) and bool(detail.attempts[-1].log)

    def runs(self) -> Sequence[RunRow] | None:
        """The earlier runs, None until they have been read."""
        library = self.options.library
        if library is None:
            return ()
        found: Sequence[RunRow] | None = self.loader.want("runs", self.state.finished, library.runs)
        return found

    def key(self, action: str) -> str:
        """The first key of an action, for sentences."""
        keys = self.keymap[action].keys
        return keys[0] if keys else action

    # saying

    def say(self, text: str, *, refused: bool = False, lasts: Callable[[], bool] | None = None) -> None:
        """Put a sentence on the screen; it goes when it is old, or when it no longer `lasts`."""
        self.notice, self._lasts = (text, refused), lasts
        self._said_at = time.monotonic()
        self.paint()

    def refuse(self, text: str) -> None:
        """Say why a key did nothing."""
        self.say(text, refused=True)

    def hush(self, *, old: bool = False) -> None:
        """Take the sentence away; with `old` only if it has stood long enough, or is not true any more."""
        true = self._lasts is None or self._lasts()
        if self.notice is not None and not (old and true and time.monotonic() - self._said_at < SAID):
            self.notice = None

    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Do something in the background that a key asked for; what goes wrong is said."""

        async def guarded() -> None:
            try:
                await work
            except Exception as problem:  # a full disk or a lock must not end the screen
                self.refuse(str(problem) or type(problem).__name__)

        self.loader.spawn(("action", name), guarded())

    async def send(self, command: Command, lasts: Callable[[Reply], bool] | None = None) -> Reply:
        """Wish for something and say the answer, for as long as it `lasts`."""
        reply = await self.feed.send(command)
        still = (lambda: lasts(reply)) if lasts is not None and not reply.refused else None
        self.say(reply.text, refused=reply.refused, lasts=still)
        return reply

    def wish(self, command: Command, lasts: Callable[[Reply], bool] | None = None) -> None:
        """`send` in the background."""

        async def work() -> None:
            await self.send(command, lasts)

        self.spawn(f"send-{id(command)}", work())

    # dialogs

    def open(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog)
        self.paint()

    def close(self, dialog: Dialog) -> None:
        if dialog in self.dialogs:
            self.dialogs.remove(dialog)
        self.paint()

    # looking

    def lanes(self) -> dict[str, list[Running]]:
        """What runs now, by step, each in the order of its slots."""
        if not self.feed.live:
            return {}
        return {
            name: sorted(self.feed.running(name)) for name, step in self.state.steps.items() if step.status == "running"
        }

    def read_log(self) -> None:
        """Follow the log of what is selected."""
        view, name = self.nav.log, self.nav.step
        if (self.log.step, self.log.item) != (name, view.item):
            self.log = LogFeed(name, view.item, self.loader.keys)
            view.at, view.hits, view.search = None, None, ""
            self._mark, lines = self.feed.printed(0)
            self.log.add_printed(lines)
            self.read_older()
            return
        self._mark, lines = self.feed.printed(self._mark)
        gone = self.log.add_printed(lines) if lines else 0
        if view.at is not None:
            view.at = max(0, view.at - gone)

    def log_to_end(self) -> None:
        """Back to the end of the log, where new lines come."""
        self.nav.log.at = None
        if self.log.detached:
            self.log = LogFeed("", None, self.loader.keys)

    def flying(self) -> dict[int, float]:
        """The items in flight of the step whose log is shown, and since when each runs."""
        return {run.item: run.since for run in self.lanes().get(self.log.step, ())}

    def count_hits(self) -> None:
        """Say how many lines of the log hold the text that is being typed, once that is known; or of those that hold what was
        searched for, which one the cursor is on.
        """
        view, latest = self.nav.log, self.log_found
        typed = self.log_search.look(self.nav, self.log.step, self.log.item)
        if typed is not None:
            view.hits = Hits(len(typed.rows) + self.log.printed_hits(view.search, self.flying()), typed.more)
        elif view.hits is not None and latest.text == view.search:
            fresh = self.log.hits(latest.text, latest.is_fresh)
            count = max(view.hits.count, len(latest.rows) + len(fresh))
            view.hits = Hits(count, latest.more, 0 if view.at is None else latest.rank(self.log, view.at, fresh))

    def search_log(self, text: str) -> None:
        """Find a text in the whole log; the hits are counted, up to `MOST_HITS`, and the latest is shown."""

        async def work() -> None:
            item = self.log.item
            rows = await self.details.search_log(self.log.step, text, limit=MOST_HITS)
            if self.nav.log.search == text:
                latest = self.log_found = found(text, rows, item, self.feed.now(), self.flying())
                count = len(latest.rows) + len(self.log.hits(text, latest.is_fresh))
                self.nav.log.hits = Hits(count, latest.more)
                self.next_log_hit(-1, first=True)

        self.loader.spawn("search log", work())

    def next_log_hit(self, by: int, *, first: bool = False) -> None:
        """To the next hit in the log, also one that is only stored."""
        view = self.nav.log
        start = len(self.log) if first or view.at is None else view.at
        place = self.log.find(view.search, start, by)
        if place is not None:
            view.at = place
            return
        now = self.log[min(start, len(self.log) - 1)].at if len(self.log) else float("inf")
        older = [row for row in self.log_found.rows if (row.at < now if by < 0 else row.at > now)]
        if not older:
            if by < 0 and view.hits is not None and view.hits.more:
                self.refuse(f"Only the latest {numbers.count(MOST_HITS)} hits are listed   {self.key('filter')} search")
            else:
                self.refuse(f"No {'earlier' if by < 0 else 'later'} line holds {view.search}")
            return
        target = older[-1] if by < 0 else older[0]

        async def work() -> None:
            rows = await self.details.log(self.log.step, self.log.item, before=target.at + AROUND, limit=LOG_PAGE)
            if target not in rows:
                rows = await self.details.log(self.log.step, self.log.item, before=target.at + 0.001, limit=LOG_PAGE)
            self.log.detach(rows)
            view.at = rows.index(target) if target in rows else None

        self.loader.spawn("log hit", work())

    def read_older(self) -> None:
        """Ask for stored lines before the first that is known."""
        log, view = self.log, self.nav.log
        if log.complete:
            return

        async def work() -> None:
            rows = await self.details.log(log.step, log.item, before=log.first_at, limit=LOG_PAGE)
            added = log.add_stored(rows, LOG_PAGE)
            if view.at is not None and log is self.log:
                view.at += added

        self.loader.spawn("older log", work())


async def _nothing_to_lend(words: Sequence[str]) -> int:
    raise UsageError(f"There is no terminal to lend to {words[0]}")


def first_step(state: RunState) -> str:
    """The step to look at first: one that runs, with items rather than without, else one that failed, else the first."""
    steps = list(state.steps.values())
    running = [step for step in steps if step.status == "running"]
    listed = [step for step in running if step.shape.for_each]
    failed = [step for step in steps if step.failed]
    return next((step.name for step in (*listed, *running, *failed, *steps)), "")
