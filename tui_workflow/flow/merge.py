"""What of an edit holds at once, while the rest waits for a person's word.

Settings and code hold for items that start from now. Steps that came, went or moved, changes of `type`, `for_each`, `key` and
`needs`, and parameters that the run has no value for, wait; until they are taken up the run keeps the structure that it has.

What depends on what waits, waits with it: a key whose new text refers to a step that is new or will come to something else, to a
parameter that is new, or to items that will be others. What is then in force is checked as every flow is, and what makes it wrong
waits as well.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tui_workflow.flow.binding import bind
from tui_workflow.flow.load import planned
from tui_workflow.flow.model import Flow, Step
from tui_workflow.flow.parse import SECTIONS
from tui_workflow.flow.plan import HandlerFile, Plan, PlannedStep
from tui_workflow.flow.references import parse_python
from tui_workflow.flow.uses import PER_ITEM, Use
from tui_workflow.flow.written import Key, written

_STRUCTURE = frozenset(("type", "for_each", "key", "needs"))
_LOOP = frozenset(("parallel", "inputs", "condition"))
"""What changes with a step that gains or loses its loop."""
_MAKES = frozenset(("type", "for_each", "inputs", "condition", "env", "workdir"))
"""What a step comes to depends on these."""
_NAMES = {"for_each": PER_ITEM, "key": frozenset(("key",))}
"""The variables that are others by another value of a field."""
_HANDLERS: Key = ("", "handlers")
"""The handler files, which hold or wait together: one may import another."""
_FLOW_FIELDS = frozenset(Flow.model_fields) - {"params"} - {name for _, name in SECTIONS}
_SECTION = {name: section for section, name in SECTIONS}
_STEP_FIELDS = frozenset(Step.model_fields) - {"name", "line", "condition_per_item"}


def in_force(current: Plan, new: Plan) -> Plan:
    """The plan that holds when `new` has been saved and its structural edits have not been taken up. Parameters stay.

    It passes the check, as `current` does.
    """
    edit = _Edit(current, new)
    waiting = edit.structural()
    while held := edit.keys - (waiting := edit.with_dependent(waiting)):
        plan, wrong = edit.merged(held)
        if plan is not None:
            return plan
        waiting |= _to_blame(wrong, held)
    return edit.plan(current.flow, current.handlers, current.steps)


def _to_blame(wrong: Iterable[Key], held: frozenset[Key]) -> frozenset[Key]:
    """The edited keys that problems are about: by themselves, or by their steps; else the handlers, else all."""
    keys = frozenset(wrong)
    steps = {name for name, _ in keys}
    mine = frozenset(key for key in held if key[0] and key[0] in steps)
    return keys & held or mine or held & {_HANDLERS} or held


@dataclass(frozen=True, slots=True)
class _Uses:
    """What the texts of a key refer to: variables, and steps and parameters by their names."""

    names: frozenset[str] = frozenset()
    steps: frozenset[str] = frozenset()
    params: frozenset[str] = frozenset()


class _Edit:
    """The keys of which two plans have another value, and what comes of taking up some of them."""

    def __init__(self, current: Plan, new: Plan) -> None:
        self.current = current
        self.new = new
        self.before = {each.name: each.step for each in current.steps}
        self.after = {each.name: each.step for each in new.steps}
        self.added = self.after.keys() - self.before.keys()
        self.gained = new.flow.params.keys() - current.flow.params.keys()
        self.folder = os.path.dirname(new.path)
        self.keys = self._keys()
        self.uses = self._uses()

    def _keys(self) -> frozenset[Key]:
        found = {
            (name, field)
            for name in self.before.keys() & self.after.keys()
            for field in _STEP_FIELDS
            if getattr(self.before[name], field) != getattr(self.after[name], field)
        }
        old, new = self.current, self.new
        found |= {("", field) for field in _FLOW_FIELDS if getattr(old.flow, field) != getattr(new.flow, field)}
        return frozenset(found | ({_HANDLERS} if old.handlers != new.handlers else set()))

    def _uses(self) -> dict[Key, _Uses]:
        """What each key of the edited flow refers to."""
        parsed, keys = written(self.new.flow, self.new.path)
        found: dict[Key, _Uses] = {}
        for use in (use for step in parsed.steps for use in step.uses):
            key = keys[use.node.line - 1]
            known, more = found.get(key, _Uses()), use.references
            found[key] = _Uses(known.names | _variables(use), known.steps | more.steps, known.params | more.params)
        inside = bind(parsed, self.new.handlers, self.folder).values()
        found[_HANDLERS] = _Uses(steps=frozenset(name for each in inside for name in each.steps))
        return found

    def structural(self) -> frozenset[Key]:
        """The keys that wait by what they are."""
        return frozenset(key for key in self.keys if key[0] and self._is_structural(*key))

    def _is_structural(self, name: str, field: str) -> bool:
        old, new = self.before[name], self.after[name]
        # The inputs of another type would not fit, so such a step stays as it is as a whole.
        loop = (old.for_each is None) != (new.for_each is None)
        return field in _STRUCTURE or old.type != new.type or (loop and field in _LOOP)

    def with_dependent(self, waiting: frozenset[Key]) -> frozenset[Key]:
        """The keys that wait, and those that refer to something of which they are a part."""
        while more := frozenset(key for key in self.keys - waiting if self._depends(key, waiting)):
            waiting |= more
        return waiting

    def _depends(self, key: Key, waiting: frozenset[Key]) -> bool:
        uses = self.uses.get(key, _Uses())
        if key == _HANDLERS:
            return not uses.steps.isdisjoint(self.added)
        other = self.added | {name for name, field in waiting if field in _MAKES}
        of_items = any(
            (key[0], field) in waiting and not uses.names.isdisjoint(names) for field, names in _NAMES.items()
        )
        return of_items or not uses.steps.isdisjoint(other) or not uses.params.isdisjoint(self.gained)

    def merged(self, held: frozenset[Key]) -> tuple[Plan | None, set[Key]]:
        """The plan in which these keys have their new value and all else is as it was; if it is not valid, the keys that are wrong."""
        flow, files = self._flow(held), (self.new if _HANDLERS in held else self.current).handlers
        parsed, keys = written(flow, self.new.path)
        steps = planned(parsed, files, self.folder)
        if steps is None:
            errors = (each for each in parsed.read.problems if each.severity == "error")
            return None, {keys[each.line - 1] for each in errors if each.file == self.new.path}
        return self.plan(flow, files, steps), set()

    def plan(self, flow: Flow, files: tuple[HandlerFile, ...], steps: Iterable[PlannedStep]) -> Plan:
        """The plan of a merged flow, its steps at their lines in the new text, those that it lacks at the lines that they had."""
        lines = {name: step.line for name, step in (self.before | self.after).items()}
        placed = (replace(each, step=each.step.model_copy(update={"line": lines[each.name]})) for each in steps)
        return Plan(self.new.path, self.new.text, flow, files, tuple(placed))

    def _flow(self, held: frozenset[Key]) -> Flow:
        update: dict[str, object] = {field: getattr(self.new.flow, field) for name, field in held if not name}
        for _, section in SECTIONS:
            steps = [each.step for each in self.current.steps if each.section == _SECTION[section]]
            update[section] = tuple(self._step(step, held) for step in steps)
        return self.current.flow.model_copy(update=update)

    def _step(self, step: Step, held: frozenset[Key]) -> Step:
        fields = {field for name, field in held if name == step.name}
        fields |= {"condition_per_item"} if "condition" in fields else set()
        return step.model_copy(update={field: getattr(self.after[step.name], field) for field in fields})


def _variables(use: Use) -> frozenset[str]:
    if not use.code:
        return use.references.names
    return frozenset(node.id for node in ast.walk(parse_python(use.node.text)) if isinstance(node, ast.Name))
