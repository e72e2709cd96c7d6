"""Which step waits for which, and which step reads which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from tui_workflow.flow.model import Section
from tui_workflow.flow.nodes import Scalar
from tui_workflow.flow.plan import Plan, PlannedStep
from tui_workflow.flow.problems import did_you_mean, suggest
from tui_workflow.flow.reader import Reader
from tui_workflow.flow.references import LOOP_FIELDS, STEP_FIELDS, References
from tui_workflow.flow.steps import ReadStep
from tui_workflow.flow.uses import Use

_ORDER: dict[Section, int] = {"steps": 0, "on_failure": 1, "finally": 2}


@dataclass(frozen=True, slots=True)
class Edges:
    """`needs` in the order of the file; `reads` are the steps read by a literal name, None for all; `item_reads` those by items."""

    needs: tuple[str, ...]
    reads: tuple[str, ...] | None
    item_reads: tuple[str, ...] | None


def build(read: Reader, steps: Sequence[ReadStep], of_handlers: dict[str, References]) -> dict[str, Edges]:
    """The edges of every step; what makes no order is reported. `of_handlers` are references found in handler files."""
    graph = _Graph(read, steps)
    graph.declare()
    if graph.order():
        graph.follow(of_handlers)
    return graph.edges()


class _Graph:
    def __init__(self, read: Reader, steps: Sequence[ReadStep]) -> None:
        self.read = read
        self.steps = steps
        self.place = {step.step.name: number for number, step in enumerate(steps)}
        self.needs: list[set[int]] = [set() for _ in steps]
        self.reads: list[set[int] | None] = [set() for _ in steps]
        self.item_reads: list[set[int] | None] = [set() for _ in steps]
        self.above: list[int] = [0] * len(steps)
        """The ancestors of each step, as bits."""
        self.after: list[list[int]] = [[] for _ in steps]

    def declare(self) -> None:
        """The edges that `needs` and the order of the file give."""
        for number, step in enumerate(self.steps):
            previous = number - 1 if number and self.steps[number - 1].section == step.section else None
            if step.section != "steps":
                if step.step.needs is not None and step.needs:
                    hint = "cleanup steps run one after the other"
                    self.read.warning(step.needs[0], f"'needs' of cleanup step '{step.step.name}' has no effect", hint)
                if previous is not None:
                    self.needs[number].add(previous)
            elif step.step.needs is None:
                if previous is not None:
                    self.needs[number].add(previous)
            else:
                for node in step.needs:
                    self._need(number, step, node)

    def _need(self, number: int, step: ReadStep, node: Scalar) -> None:
        needed = self.place.get(node.text)
        if needed is None:
            known = [each.step.name for each in self.steps if each is not step and each.section == "steps"]
            self.read.error(
                node,
                f"'needs' of step '{step.step.name}': there is no step '{node.text}'",
                suggest(node.text, known, "steps"),
            )
        elif needed == number:
            self.read.error(node, f"step '{step.step.name}' needs itself")
        elif self.steps[needed].section != "steps":
            self.read.error(node, f"step '{step.step.name}' needs '{node.text}', a cleanup step that runs at the end")
        else:
            self.needs[number].add(needed)

    def order(self) -> bool:
        """Work out the ancestors; False, with a problem, when steps wait for each other in a circle."""
        left = [len(needs) for needs in self.needs]
        for number, needs in enumerate(self.needs):
            for needed in needs:
                self.after[needed].append(number)
        ready = [number for number, count in enumerate(left) if not count]
        done = 0
        while ready:
            number = ready.pop()
            done += 1
            for needed in self.needs[number]:
                self.above[number] |= self.above[needed] | 1 << needed
            for later in self.after[number]:
                left[later] -= 1
                if not left[later]:
                    ready.append(later)
        if done == len(self.steps):
            return True
        self._circle({number for number, count in enumerate(left) if count})
        return False

    def _circle(self, stuck: set[int]) -> None:
        path = [min(stuck)]
        while (further := min(n for n in self.needs[path[-1]] if n in stuck)) not in path:
            path.append(further)
        circle = path[path.index(further) :]
        start = circle.index(min(circle))
        circle = [*circle[start:], *circle[:start], min(circle)]
        names = [self.steps[number].step.name for number in circle]
        hint = ""
        for number in circle:
            if self.steps[number].step.needs is None:
                name, before = self.steps[number].step.name, self.steps[number - 1].step.name
                hint = f"'{name}' follows '{before}' because it stands behind it; give it needs: [] if it need not wait"
        place = self.steps[circle[0]]
        self.read.error(
            place.needs[0] if place.needs else place.node, f"steps wait for each other: {' → '.join(names)}", hint
        )

    def follow(self, of_handlers: dict[str, References]) -> None:
        """Add the edges of literal references, and note what each step reads."""
        for number, step in enumerate(self.steps):
            read: set[int] = set()
            dynamic = False
            for use in step.uses:
                dynamic |= use.references.dynamic
                for name in sorted(use.references.steps, key=use.offset):
                    target = self.place.get(name)
                    wrong = self._wrong(number, name, target)
                    if wrong:
                        self.read.error(use.node, *wrong, offset=use.offset(name))
                    else:
                        assert target is not None
                        read.add(target)
                        self._check_fields(use, target)
            inside = of_handlers.get(step.step.name, References())
            in_handler = {
                n
                for name in inside.steps
                if (n := self.place.get(name)) is not None and not self._wrong(number, name, n)
            }
            read |= in_handler
            self.reads[number] = None if dynamic or inside.dynamic else read
            by_items = {self.place.get(name) for use in step.item_uses for name in use.references.steps}
            dynamic_items = inside.dynamic or any(use.references.dynamic for use in step.item_uses)
            self.item_reads[number] = None if dynamic_items else (read & by_items) | in_handler
            for target in read:
                self._edge(number, target)

    def _check_fields(self, use: Use, target: int) -> None:
        """What a text reads of a step must be there, or it fails when the step before it has done its hours of work."""
        step = self.steps[target].step
        known = STEP_FIELDS if step.for_each is None else LOOP_FIELDS
        for field in sorted(field for name, field in use.references.fields if name == step.name and field not in known):
            kind = "step" if step.for_each is None else "for_each step"
            report = self.read.warning if use.code or use.references.lenient else self.read.error
            report(
                use.node,
                f"{kind} '{step.name}' has no '{field}'",
                did_you_mean(field, known) or f"it has {', '.join(known)}",
                offset=use.offset(step.name),
            )

    def _edge(self, number: int, target: int) -> None:
        if self.steps[target].section != self.steps[number].section or self.above[number] >> target & 1:
            return
        self.needs[number].add(target)
        gained = self.above[target] | 1 << target
        self.after[target].append(number)
        waiting = [number]
        while waiting:
            other = waiting.pop()
            if gained & ~self.above[other]:
                self.above[other] |= gained
                waiting.extend(self.after[other])

    def _wrong(self, number: int, name: str, target: int | None) -> tuple[str, str] | None:
        """Why step `number` cannot read a step, with a hint; None when it can."""
        step = self.steps[number]
        if target is None:
            known = [each.step.name for each in self.steps if each is not step]
            dashed = [each for each in known if each.startswith(f"{name}-")]
            hint = f"for a name with '-' write steps['{dashed[0]}']" if dashed else suggest(name, known, "steps")
            return f"there is no step '{name}'", hint
        if target == number:
            return f"step '{name}' reads its own result", ""
        here, there = _ORDER[step.section], _ORDER[self.steps[target].section]
        if there > here:
            return f"step '{name}' runs later: it is a cleanup step", ""
        if (
            there == here
            and (target > number or self.above[target] >> number & 1)
            and not self.above[number] >> target & 1
        ):
            after = self.above[target] >> number & 1
            hint = f"move '{name}' up"
            if self.steps[target].step.needs is not None:
                hint = f"'{name}' needs '{step.step.name}'" if after else f"add it to the needs of '{step.step.name}'"
            return f"step '{name}' runs later than '{step.step.name}'", hint
        return None

    def edges(self) -> dict[str, Edges]:
        return {
            step.step.name: Edges(
                self._names(self.needs[number]),
                self._read_names(self.reads[number]),
                self._read_names(self.item_reads[number]),
            )
            for number, step in enumerate(self.steps)
        }

    def _read_names(self, read: set[int] | None) -> tuple[str, ...] | None:
        return None if read is None else self._names(read)

    def _names(self, numbers: Iterable[int]) -> tuple[str, ...]:
        return tuple(self.steps[number].step.name for number in sorted(numbers))


def ancestors(plan: Plan, step: str) -> frozenset[str]:
    """All steps that must have ended before a step starts."""
    by_name = {planned.name: planned for planned in plan.steps}
    found: set[str] = set()
    waiting = list(by_name[step].needs)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(by_name[name].needs)
    return frozenset(found)


def keyed_by(plan: Plan, step: str) -> str:
    """The templates that make the keys of a step's items: its own, and those of the steps before it, whose keys its items may hold.

    Empty where all keys are default keys.
    """
    before = ancestors(plan, step) | {step}
    keys = ((planned.name, planned.step.key) for planned in plan.steps if planned.name in before)
    return "\n".join(f"{name}: {key}" for name, key in keys if key is not None)


def readers(plan: Plan, step: str) -> tuple[str, ...]:
    """The steps that run again when a step's results change, in the order of the file.

    They read it, or read a step that reads it; a step with `rerun: false` is left out, and nothing is reached through
    it. A step with dynamic access reads all that run before it. Cleanup steps are left out: they run at every end.
    """
    changed = {step}
    candidates = [p for p in plan.steps if p.section == "steps" and p.step.rerun and p.name != step]
    grown = True
    while grown:
        grown = False
        for planned in candidates:
            if planned.name in changed:
                continue
            if _reads(plan, planned, planned.reads, changed):
                changed.add(planned.name)
                grown = True
    return tuple(planned.name for planned in candidates if planned.name in changed)


def outdated(plan: Plan, step: str) -> tuple[str, ...]:
    """The steps whose done items are of another time when a step's results change, though they do not run again by themselves.

    Those of a `for_each` step that read it, or a step that runs again for it, in what makes an item; the list alone does
    not count, since items that are the same in it have come to the same. And those of a step with `rerun: false`.
    """
    changed = {step, *readers(plan, step)}
    return tuple(
        planned.name
        for planned in plan.steps
        if planned.section == "steps"
        and planned.name != step
        and (
            (planned.step.for_each is not None and _reads(plan, planned, planned.item_reads, changed - {planned.name}))
            or (not planned.step.rerun and _reads(plan, planned, planned.reads, changed))
        )
    )


def _reads(plan: Plan, planned: PlannedStep, reads: tuple[str, ...] | None, changed: Set[str]) -> bool:
    """Whether a step reads one of those that changed, `reads` being what it reads, None for all that run before it."""
    if reads is not None:
        return not changed.isdisjoint(reads)
    place = {each.name: number for number, each in enumerate(plan.steps)}
    before = ancestors(plan, planned.name)
    return any(name in before or place[name] < place[planned.name] for name in changed)
