"""Runs made up as the engine would make them: sequences of facts that follow its rules."""

from __future__ import annotations

import json
from random import Random

from tui_workflow.facts import events as ev
from tui_workflow.facts.fingerprint import fingerprint
from tui_workflow.facts.outcome import Ended, ErrorInfo, Outcome
from tui_workflow.facts.state import Item, RunState, fold
from tui_workflow.store.meta import RunMeta

META = RunMeta("20260131-140501-k3f9", "demo", "/flows/demo.yaml", {"n": b"3"}, ("token",), {"limit": None})


def shape(name: str, *, for_each: bool = True, needs: tuple[str, ...] = (), definition: str = "d1") -> ev.StepShape:
    return ev.StepShape(name, "steps", for_each, needs, needs, definition)


def started(at: float = 1.0) -> list[ev.Event]:
    return [
        ev.RunStarted(at, META.run, META.flow, META.path, 42, "here"),
        ev.RevisionTaken(at, 1, (shape("load", for_each=False), shape("work", needs=("load",)))),
        ev.StepStarted(at, "work", 2),
    ]


def listed(first: int, count: int, step: str = "work", at: float = 2.0) -> ev.ItemsListed:
    items = tuple(ev.ListedItem(n, f"key-{n}", n, b"%d" % n) for n in range(first, first + count))
    return ev.ItemsListed(at, step, first, count, items)


def error(message: str = "no") -> bytes:
    return ErrorInfo("ValueError", message, fingerprint("ValueError", message), where=("h.py", 3)).encode()


def ended(numbers: range, step: str = "work", at: float = 3.0, worker: int = 0) -> ev.ItemsEnded:
    outcomes = tuple(Outcome(n, 1, Ended.OK, at, 0.01, b"%d" % (n * 2)) for n in numbers)
    return ev.ItemsEnded(at, step, 1, "d1", worker, outcomes)


class Story:
    """Makes facts at random that could come from a real run, and folds them."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.at = 1_800_000_000.0
        self.state = RunState()
        self.facts: list[ev.Event] = []
        self.revision = 1
        self.definition = "d1"
        self.tell(ev.RunStarted(self.at, META.run, META.flow, META.path, 42, "here"))
        self.tell(ev.RevisionTaken(self.at, 1, (shape("load", for_each=False), shape("work", needs=("load",)))))

    def tell(self, fact: ev.Event) -> None:
        self.facts.append(fact)
        fold(self.state, [fact])

    def step(self) -> None:
        """One more thing happens."""
        self.at += self.random.choice([0.0, 0.0, 0.01, 3.0, 40.0])
        name = self.random.choice(list(self.state.steps))
        action = self.random.choice(
            ["list", "list", "end", "end", "end", "end", "queue", "start", "finish", "edit", "move", "gone", "pause",
             "slots", "resume", "reopen", "outdate", "reject", "drain"]
        )  # fmt: skip
        getattr(self, f"_{action}")(name)

    def _list(self, name: str) -> None:
        step = self.state.steps[name]
        first, count = len(step.states), self.random.randint(1, 7) if step.shape.for_each else 1
        if not step.shape.for_each and first:
            return
        items = tuple(ev.ListedItem(n, f"k{n}-\u00e9", n, b'"\xc3\xa9"') for n in range(first, first + count))
        self.tell(ev.ItemsListed(self.at, name, first, count, items))

    def _end(self, name: str) -> None:
        states = self.state.steps[name].states
        numbers = [n for n, state in enumerate(states) if state in (Item.PENDING, Item.RETRYING)]
        self.random.shuffle(numbers)
        outcomes, next_at = [], {}
        for number in numbers[: self.random.randint(1, 5)]:
            outcome = self._outcome(name, number)
            outcomes.append(outcome)
            if outcome.status == Ended.RETRYING:
                next_at[number] = self.at + self.random.random() * 9
        if outcomes:
            definition = self.state.steps[name].shape.definition if self.random.random() < 0.8 else "older"
            self.tell(
                ev.ItemsEnded(
                    self.at,
                    name,
                    self.revision,
                    definition,
                    self.random.randint(0, 2),
                    tuple(outcomes),
                    next_at or None,
                )
            )

    def _outcome(self, name: str, number: int) -> Outcome:
        attempt = self.state.steps[name].attempts_of.get(number, 0) + 1
        status = self.random.choice([Ended.OK, Ended.OK, Ended.OK, Ended.FAILED, Ended.SKIPPED, Ended.RETRYING])
        problem = error(self.random.choice(["no", "bad row 17", "bad row 18", "off"]))
        return Outcome(
            number,
            0 if status == Ended.SKIPPED else attempt,
            status,
            self.at - 0.5,
            self.random.random() * 2,
            b"[1,2]" if status == Ended.OK else None,
            problem if status in (Ended.FAILED, Ended.RETRYING) else None,
            b"0\thello\n" if self.random.random() < 0.3 else None,
            json.dumps({"n": number}).encode() if status == Ended.OK and self.random.random() < 0.2 else None,
        )

    def _queue(self, name: str) -> None:
        done = [n for n, s in enumerate(self.state.steps[name].states) if s in (Item.OK, Item.FAILED, Item.SKIPPED)]
        if done:
            self.tell(ev.ItemsQueued(self.at, name, tuple(done[: self.random.randint(1, 9)]), "retry"))

    def _start(self, name: str) -> None:
        self.tell(ev.StepStarted(self.at, name, 3))

    def _finish(self, name: str) -> None:
        status = self.random.choice(["succeeded", "failed", "skipped", "cancelled"])
        self.tell(ev.StepFinished(self.at, name, status, "why", error() if status == "failed" else None))  # type: ignore[arg-type]

    def _edit(self, name: str) -> None:
        self.revision += 1
        self.definition = f"d{self.random.randint(1, 4)}"
        self.tell(
            ev.RevisionTaken(
                self.at,
                self.revision,
                (shape("load", for_each=False), shape("work", needs=("load",), definition=self.definition)),
            )
        )

    def _move(self, name: str) -> None:
        count = len(self.state.steps[name].states)
        if count > 1:
            self.tell(ev.ItemsMoved(self.at, name, (ev.ListedItem(0, "k0-\u00e9", count, b"0"),)))

    def _gone(self, name: str) -> None:
        step = self.state.steps[name]
        gone = tuple(n for n in range(len(step.states)) if self.random.random() < 0.05)
        self.tell(ev.ListingFinished(self.at, name, gone if step.shape.for_each else ()))

    def _pause(self, name: str) -> None:
        self.tell(ev.Unpaused(self.at) if self.state.paused else ev.Paused(self.at, "full disk"))

    def _slots(self, name: str) -> None:
        self.tell(ev.SlotsChanged(self.at, name, self.random.randint(1, 8)))

    def _resume(self, name: str) -> None:
        if self.random.random() < 0.5:
            self.tell(ev.RunFinished(self.at, "interrupted", "signal"))
        self.tell(ev.RunResumed(self.at + 5, 43, "there"))

    def _reopen(self, name: str) -> None:
        self.tell(ev.StepReopened(self.at, name, "retried"))

    def _outdate(self, name: str) -> None:
        self.tell(ev.ItemsOutdated(self.at, name))

    def _reject(self, name: str) -> None:
        self.tell(ev.ReloadRejected(self.at, self.revision, ("bad \udc80 line",)))

    def _drain(self, name: str) -> None:
        self.tell(ev.Draining(self.at))
