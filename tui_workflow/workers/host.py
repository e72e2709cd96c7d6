"""The engine's side of one worker process. All of it runs on the event loop; nothing here blocks."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from tui_workflow.facts.filemark import Mark, mark_of
from tui_workflow.facts.logs import LIMIT
from tui_workflow.facts.outcome import Ended, ErrorInfo, Outcome
from tui_workflow.facts.work import Death, ListedPage, Listing, Refused, Running, StepProgram, WorkerEvents, WorkItem
from tui_workflow.workers import protocol
from tui_workflow.workers.deaths import made, worker_died
from tui_workflow.workers.lastwords import last_words
from tui_workflow.workers.programs import pack_listing, pack_program
from tui_workflow.workers.protocol import RawOutcome
from tui_workflow.workers.spawn import Spawned

_READ = 64 * 1024
"""Bytes of one read, and so the work of one turn of the loop."""
_CREDITS = 2
"""Listed pages that may be under way while the consumer works."""
_HANG = 5.0
"""Seconds a listing may spend on one element without a sign of life."""
_TIDY = 1.0
"""Seconds that commands have, from SIGTERM on, to remove what they have left half done, before they are killed."""
_LOOK = 0.01
"""Seconds between looks at whether they have; the system does not tell of the end of a group."""
_FAILED = int(Ended.FAILED)
_make_outcome: Callable[[RawOutcome], Outcome] = partial(tuple.__new__, Outcome)
"""What `Outcome._make` does, in a third of its time."""


class ProcessWorker(asyncio.Protocol):
    """One worker; see `facts.work.Worker`."""

    def __init__(self, spawned: Spawned, on_death: Callable[[ProcessWorker], None]) -> None:
        self._process = spawned.process
        self._sock = spawned.sock
        self._shared = spawned.shared
        self._output = spawned.output
        self._lifeline = spawned.lifeline
        self._on_death = on_death
        self._splitter = protocol.Splitter()
        self._transport: asyncio.Transport | None = None
        self._events: WorkerEvents | None = None
        self._in_flight: dict[int, int] = {}
        self._printed: dict[int, bytes] = {}
        self._loaded: dict[str, Mark | None] = {}
        self._frames = 0
        self._failures = 0
        self._writes = 0
        self._stop_on_failure = False
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._asking = asyncio.Lock()
        self._asked = self._answered = 0
        """Questions and answers so far: answers come in order, also those that nobody waits for any more."""
        self._pages: asyncio.Queue[tuple[int, bytes]] | None = None
        self._reason: ErrorInfo | None = None
        self._closing = False
        self._burying: asyncio.Task[None] | None = None
        self.dead = asyncio.Event()

    # What the engine calls.

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._burying is None and self._reason is None and not self._closing

    async def program(self, program: StepProgram, events: WorkerEvents) -> None:
        self._events = events
        self._in_flight.clear()
        self._printed.clear()
        self._failures = self._writes = 0
        self._stop_on_failure = program.stop_on_failure
        await self._ask(protocol.PROGRAM, pack_program(program))

    async def evaluate(self, expressions: Mapping[str, str], limit: float = 5.0) -> dict[str, bytes]:
        body = protocol.pack_values({name: text.encode() for name, text in expressions.items()})
        names = ", ".join(expressions)
        answer = await self._ask(protocol.EVALUATE, body, limit, f"evaluating {names} took more than {limit:g} seconds")
        return protocol.unpack_values(answer)

    async def list_items(self, listing: Listing) -> AsyncIterator[ListedPage]:
        pages: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue()
        self._pages = pages
        if self._burying is not None:
            raise Refused(self._reason or worker_died(self._process.returncode))
        self._send(protocol.LIST, pack_listing(listing))
        for _ in range(_CREDITS):
            self._send(protocol.CREDIT)
        try:
            while True:
                kind, body = await self._next_page(pages)
                if kind == protocol.LIST_REFUSED:
                    raise Refused(ErrorInfo.decode(body))
                if kind == protocol.LIST_END:
                    return
                page = protocol.unpack_listed(body)
                if page.keys:  # an empty one is a sign of life, and no credit was used for it
                    yield page
                    self._send(protocol.CREDIT)
        finally:
            if self._pages is pages:
                self._pages = None
                self._send(protocol.UNLIST)

    async def _next_page(self, pages: asyncio.Queue[tuple[int, bytes]]) -> tuple[int, bytes]:
        try:
            return await asyncio.wait_for(pages.get(), _HANG)
        except TimeoutError:
            error = made("Timeout", f"listing the items spent more than {_HANG:g} seconds on one element")
            self.kill(error)
            raise Refused(error) from None

    def feed(self, items: Sequence[WorkItem], context: Mapping[str, bytes] | None = None) -> None:
        in_flight = self._in_flight
        for item in items:
            in_flight[item[0]] = item[3]
        self._send(protocol.FEED, protocol.pack_batch(items, context, self._writes, self._failures))

    def recall(self) -> None:
        self._send(protocol.RECALL)

    def report_progress(self, processed: int, total: int) -> None:
        self._send(protocol.PROGRESS, protocol.pack_progress(processed, total))

    def running(self) -> list[Running]:
        if self._burying is not None:
            return []
        in_flight = self._in_flight
        return [Running(*place) for place in self._shared.running() if place[1] in in_flight]

    def outdated(self, look: Callable[[str], Mark | None] = mark_of) -> tuple[str, ...]:
        return tuple(path for path, mark in self._loaded.items() if look(path) != mark)

    def kill(self, error: ErrorInfo) -> None:
        if self._reason is None:
            self._reason = error
            # The worker goes at once, or it would begin another item; what it has started is asked first.
            # What it prints from here on has no reader any more: a command that tidies up must do it in silence.
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
            self._signal_group(signal.SIGTERM)

    async def close(self) -> None:
        if self._burying is None:
            self._closing = True
            self._send(protocol.CLOSE)
            try:
                await asyncio.wait_for(self.dead.wait(), 1.0)
            except TimeoutError:
                self._kill_group()
        await self.dead.wait()

    def forget(self) -> None:
        """Tell nobody about it any more: its step is over."""
        self._events = None

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if hasattr(transport, "max_size"):
            transport.max_size = _READ

    def data_received(self, data: bytes) -> None:
        for kind, body in self._splitter.push(data):
            self._take(kind, body)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        # A write that failed ends the connection at once; what the worker had sent before is still to be read.
        try:
            while data := self._sock.recv(_READ):
                self.data_received(data)
        except OSError:
            pass
        if self._burying is None:
            self._burying = asyncio.get_running_loop().create_task(self._bury())

    # Inside.

    def _send(self, kind: int, body: bytes = b"") -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.writelines((protocol.HEADER.pack(len(body), kind), body))

    async def _ask(self, kind: int, body: bytes, limit: float | None = None, late: str = "") -> bytes:
        """Send a question and wait for its answer, one at a time. Raises `Refused`."""
        async with self._asking:
            if self._burying is not None:
                raise Refused(self._reason or worker_died(self._process.returncode))
            self._answer = asyncio.get_running_loop().create_future()
            self._asked += 1
            self._send(kind, body)
            try:
                answered, answer = await asyncio.wait_for(self._answer, limit)
            except TimeoutError:
                error = made("Timeout", late)
                self.kill(error)
                raise Refused(error) from None
            finally:
                self._answer = None
        if answered == protocol.REFUSED:
            raise Refused(ErrorInfo.decode(answer))
        return answer

    def _take(self, kind: int, body: bytes) -> None:
        events = self._events
        if kind == protocol.OUTCOMES:
            self._frames += 1
            self._deliver(protocol.unpack_outcome_frame(body))
        elif kind in (protocol.LISTED, protocol.LIST_END, protocol.LIST_REFUSED):
            if self._pages is not None:
                self._pages.put_nowait((kind, body))
        elif kind == protocol.RECALLED:
            numbers = protocol.unpack_numbers(body)
            for number in numbers:
                self._in_flight.pop(number, None)
            if events is not None:
                events.recalled(self, numbers)
        elif kind == protocol.PRINTED:
            item, attempt, lines = protocol.unpack_printed(body)
            # What an item printed last may arrive after its outcome, which has it too.
            if events is not None and (item < 0 or self._in_flight.get(item) == attempt):
                if item >= 0:
                    self._printed[item] = (self._printed.get(item, b"") + lines)[-LIMIT:]
                events.printed(self, item, attempt, lines)
        elif kind == protocol.LOADED:
            self._loaded.update(protocol.unpack_loaded(body))
        else:
            self._answered += 1
            if self._answered == self._asked and self._answer is not None and not self._answer.done():
                self._answer.set_result((kind, body))

    def _deliver(self, raw: Any) -> None:
        in_flight, printed = self._in_flight, self._printed
        outcomes = list(map(_make_outcome, raw))
        for one in outcomes:
            item = one[0]
            in_flight.pop(item, None)
            if printed:
                printed.pop(item, None)
            if one[8] is not None:
                self._writes += 1
        if self._stop_on_failure:
            self._failures += sum(one[2] == _FAILED for one in outcomes)
        if outcomes and self._events is not None:
            self._events.ended(self, outcomes)

    def _kill_group(self) -> None:
        self._signal_group(signal.SIGKILL)

    def _signal_group(self, number: int) -> bool:
        """Send a signal to the worker and what it has started; false if there is nobody any more."""
        try:
            os.killpg(self._process.pid, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    async def _tidied(self) -> None:
        """Return when nothing is left of the group, or when its time to tidy up is over."""
        for _ in range(round(_TIDY / _LOOK)):
            if not self._signal_group(0):
                return
            await asyncio.sleep(_LOOK)

    async def _bury(self) -> None:
        """After the end of its socket: learn how it ended, take what it left, tell."""
        asked = self._reason is not None or self._closing
        returncode = await self._ending()
        if self._reason is not None:
            await self._tidied()
        self._kill_group()  # what it started and left behind
        rescued: list[RawOutcome] = []
        try:
            rescued = self._shared.rescue(self._frames)
        except Exception:  # noqa: S110 - a worker that wrote over its memory: its items simply run again
            pass
        self._deliver(rescued)
        error = self._reason or worker_died(returncode)
        blamed = tuple(dict.fromkeys(place[1] for place in self._shared.running() if place[1] in self._in_flight))
        unstarted = tuple(number for number in self._in_flight if number not in blamed)
        events, answer, pages = self._events, self._answer, self._pages
        words = last_words(self._output)
        if len(blamed) == 1:
            words = self._shared.log_left() + words
        if words and events is not None:
            item = blamed[0] if len(blamed) == 1 else -1
            self._take(protocol.PRINTED, protocol.pack_printed(item, self._in_flight.get(item, 0), words))
        logs = {item: self._whole_lines(item) for item in blamed if item in self._printed}
        self._in_flight.clear()
        self._printed.clear()
        self._shared.close()
        os.close(self._output)
        os.close(self._lifeline)
        if answer is not None and not answer.done():
            answer.set_result((protocol.REFUSED, error.encode()))
        if pages is not None:
            pages.put_nowait((protocol.LIST_REFUSED, error.encode()))
        self.dead.set()
        self._on_death(self)
        if events is not None:
            events.died(self, Death(error, blamed, unstarted, asked, logs))

    def _whole_lines(self, item: int) -> bytes:
        """What an item has printed so far; of a long log the end, from the first whole line."""
        lines = self._printed[item]
        return lines if len(lines) < LIMIT else lines[lines.find(b"\n") + 1 :]

    async def _ending(self) -> int | None:
        """The exit status, waited for only as long as a process that has closed its socket may still take to end."""
        waiting = asyncio.ensure_future(self._process.wait())
        done, _ = await asyncio.wait((waiting,), timeout=0.5)
        if done:
            return waiting.result()
        self._kill_group()
        done, _ = await asyncio.wait((waiting,), timeout=1.0)
        if done:
            return waiting.result()
        waiting.cancel()
        return None
