"""What the run file has to be asked for: asked once, kept while it holds, and painted when it comes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine, Hashable, Iterable
from typing import Any

from tui_workflow.view.ports import Details, ItemDetail, ItemRow

KEYS = 20_000
"""Item keys that are kept."""
AGAIN = 1.0
"""Seconds after which an item that is not stored yet is asked for again."""
AHEAD = 500
"""Items whose keys are asked for before they print: a line that is painted without a key looks like one of no item."""
ANSWERS = 200
"""Other answers that are kept."""
DERIVED = 20


class Loader:
    """Answers from what is known, and asks in the background for what is not; `arrived` is called with each answer that is another than before."""

    def __init__(self, details: Details, arrived: Callable[[], None]) -> None:
        self.details = details
        self.keys: dict[tuple[str, int], str] = {}
        self._arrived = arrived
        self._known: dict[Hashable, tuple[object, Any]] = {}
        self._asked: dict[Hashable, asyncio.Task[bool | None]] = {}
        self._unknown: dict[tuple[str, int], float] = {}
        """Items that the run file did not hold yet, and when they were asked for."""
        self._due: dict[str, int] = {}
        """By step, the item from which on those that come next are asked for again."""
        self._keyed: dict[str, str | None] = {}
        """By step, the templates of its keys when it was seen last."""
        self._derived: dict[Hashable, tuple[Any, Any]] = {}
        self._reminder: asyncio.TimerHandle | None = None
        self.broken: str = ""
        """The latest question that failed, as a sentence; empty when it was answered."""

    def want(self, key: Hashable, stamp: object, ask: Callable[[], Awaitable[Any]]) -> Any:
        """The answer to `key` as known so far, None before the first. It is asked again when `stamp` has changed."""
        known = self._known.get(key)
        if (known is None or known[0] != stamp) and key not in self._asked:
            self.spawn(key, self._ask(key, stamp, ask))
        return known[1] if known is not None else None

    def known(self, key: Hashable) -> Any:
        """The answer to `key` as known so far, without asking."""
        known = self._known.get(key)
        return known[1] if known is not None else None

    def look_again(self, seconds: float) -> None:
        """Call `arrived` after a while, when something may be asked that was not asked now."""
        if self._reminder is None:
            self._reminder = asyncio.get_running_loop().call_later(seconds, self._remind)

    def _remind(self) -> None:
        self._reminder = None
        self._arrived()

    async def _ask(self, key: Hashable, stamp: object, ask: Callable[[], Awaitable[Any]]) -> bool:
        before, broken = self.known(key), self.broken
        try:
            answer = await ask()
        except Exception as problem:  # the run file may be gone or locked; the screen stays and says so
            self.broken = f"The run file does not answer: {problem}"
            answer = before
        else:
            self.broken = ""
        self._known.pop(key, None)
        self._known[key] = (stamp, answer)
        if len(self._known) > ANSWERS:
            del self._known[next(iter(self._known))]
        return bool(answer != before or self.broken != broken)

    def derived(self, key: Hashable, answer: Any, make: Callable[[Any], Any]) -> Any:
        """What `make` makes of an answer, made once for each answer."""
        kept = self._derived.get(key)
        if kept is None or kept[0] is not answer:
            if len(self._derived) > DERIVED:
                self._derived.clear()
            kept = self._derived[key] = (answer, make(answer))
        return kept[1]

    def spawn(self, key: Hashable, work: Coroutine[Any, Any, bool | None]) -> None:
        """Run work in the background, in place of other work with this key; a paint follows unless it returns False."""
        before = self._asked.pop(key, None)
        if before is not None:
            before.cancel()
        task = asyncio.ensure_future(work)
        if task.done():  # an eager task may have ended already
            self._done(key, task)
            return
        self._asked[key] = task
        task.add_done_callback(lambda ended: self._done(key, ended))

    def _done(self, key: Hashable, task: asyncio.Task[bool | None]) -> None:
        if self._asked.get(key) is task:
            del self._asked[key]
        if not task.cancelled() and (task.exception() is not None or task.result() is not False):
            self._arrived()

    @property
    def busy(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._asked)

    def close(self) -> None:
        """Ask for nothing more."""
        if self._reminder is not None:
            self._reminder.cancel()
        for task in list(self._asked.values()):
            task.cancel()

    # the questions

    def want_keys(self, step: str, numbers: Iterable[int], ahead: int | None = None) -> None:
        """See to it that `keys` holds these items soon, and those after number `ahead`, since they are likely to come next."""
        now = time.monotonic()
        missing = [
            number
            for number in numbers
            if (step, number) not in self.keys and now - self._unknown.get((step, number), 0.0) > AGAIN
        ]
        if ("keys", step) in self._asked:
            return
        later: Iterable[int] = ()
        if ahead is not None and ahead >= self._due.get(step, 0):
            self._due[step] = ahead + AHEAD // 2
            later = range(ahead + 1, ahead + 1 + AHEAD)
        if missing or later:
            self.spawn(("keys", step), self._name(step, missing, later))

    async def _name(self, step: str, numbers: list[int], later: Iterable[int]) -> bool:
        self.learn(step, await self.details.items(step, list(dict.fromkeys((*numbers, *later)))))
        if len(self._unknown) > KEYS:
            self._unknown.clear()
        self._unknown.update({(step, n): time.monotonic() for n in numbers if (step, n) not in self.keys})
        return any((step, number) in self.keys for number in numbers)

    def keyed(self, step: str, by: str | None) -> None:
        """Forget how items are called when their keys are made otherwise from now on."""
        before, self._keyed[step] = self._keyed.get(step), by
        if before is not None and before != by:
            for known in [key for key in self.keys if key[0] == step]:
                del self.keys[known]

    def learn(self, step: str, rows: Collection[ItemRow]) -> None:
        """Keep the keys of rows that were read for another purpose."""
        if len(self.keys) > KEYS:
            for old in list(self.keys)[: KEYS // 2]:
                del self.keys[old]
        for row in rows:
            self.keys[step, row.number] = row.label or row.key

    def result(self, step: str, stamp: object) -> str | None:
        """The result of a plain step as JSON text."""
        found: str | None = self.want(("result", step), stamp, lambda: self.details.result(step))
        return found

    def detail(self, step: str, number: int, stamp: object) -> ItemDetail | None:
        """One item with its attempts."""
        found: ItemDetail | None = self.want(("item", step, number), stamp, lambda: self.details.item(step, number))
        return found

    def known_detail(self, step: str, number: int) -> ItemDetail | None:
        """The same as far as it is known, without asking."""
        found: ItemDetail | None = self.known(("item", step, number))
        return found

    def log_size(self, step: str, item: int | None, stamp: object) -> tuple[int, int] | None:
        """How many lines the attempts that ended have printed, and how many of them are not stored."""
        ask = self.details.log_size
        found: tuple[int, int] | None = self.want(("log size", step, item), stamp, lambda: ask(step, item))
        return found

    def rows(self, step: str, numbers: tuple[int, ...], stamp: object) -> dict[int, ItemRow]:
        """Rows of a list in sight, by number; those known from before while the new ones are on their way."""

        async def ask() -> dict[int, ItemRow]:
            found = await self.details.items(step, numbers)
            self.learn(step, found)
            return {row.number: row for row in found}

        answer = self.want(("rows", step), (numbers, stamp), ask)
        return answer or {}
