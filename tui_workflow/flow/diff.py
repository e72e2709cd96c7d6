"""What an edit of a flow changes, as data: for the question before a reload, and for its report after."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from tui_workflow.flow.digest import handler_file
from tui_workflow.flow.model import Flow, ItemSource, OnError, Parallel, Retry, Step
from tui_workflow.flow.plan import HandlerFile, Plan

Kind = Literal["structural", "code", "setting", "frozen"]
"""`structural` changes what runs, or what it is given; `code` makes completed items stale; a `setting` holds at once; what is
`frozen` holds from the next run on (parameters that the run has)."""

_STRUCTURAL = frozenset(("type", "for_each", "key", "needs"))
_CODE = frozenset(("env", "workdir"))
_MANY_LINES = 5000


@dataclass(frozen=True, slots=True)
class Change:
    """One key with its old and new text; None where it is not set."""

    key: str
    old: str | None
    new: str | None
    kind: Kind


@dataclass(frozen=True, slots=True)
class StepDiff:
    """What became of one step. `moved` is true when it stands at another place among the steps that stayed."""

    name: str
    what: Literal["added", "removed", "changed"]
    changes: tuple[Change, ...] = ()
    moved: bool = False
    stale: bool = False
    """True when its definition changed, so that its completed items are stale."""

    @property
    def structural(self) -> bool:
        return self.what != "changed" or self.moved or any(change.kind == "structural" for change in self.changes)


@dataclass(frozen=True, slots=True)
class FileDiff:
    """A handler file with the numbers of lines added and removed, and the steps whose definition it changes."""

    path: str
    added: int
    removed: int
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanDiff:
    """All that differs between two plans of one flow; steps in the order of the new one, removed ones last."""

    steps: tuple[StepDiff, ...] = ()
    files: tuple[FileDiff, ...] = ()
    flow: tuple[Change, ...] = ()
    """Changes at the top level: name, params, env, handlers, notify …"""

    @property
    def structural(self) -> bool:
        """True when steps came, went or moved, or what they run over changed, or a parameter came."""
        return any(step.structural for step in self.steps) or any(change.kind == "structural" for change in self.flow)

    @property
    def empty(self) -> bool:
        """True when both plans say the same: only comments, layout or the order of keys differ."""
        return not (self.steps or self.files or self.flow)


def diff(old: Plan, new: Plan) -> PlanDiff:
    """What `new` changes of `old`."""
    before = {planned.name: planned for planned in old.steps}
    after = {planned.name: planned for planned in new.steps}
    stay = [name for name in before if name in after]
    moved = _moved(stay, [name for name in after if name in before])
    steps = []
    for name, planned in after.items():
        if name not in before:
            steps.append(StepDiff(name, "added"))
            continue
        was = before[name]
        changes = step_changes(was.step, planned.step)
        if was.section != planned.section:
            changes = (Change("section", was.section, planned.section, "structural"), *changes)
        stale = was.definition != planned.definition
        if changes or stale or name in moved:
            steps.append(StepDiff(name, "changed", changes, name in moved, stale))
    steps.extend(StepDiff(name, "removed") for name in before if name not in after)
    return PlanDiff(tuple(steps), _files(old, new), _flow_changes(old.flow, new.flow))


def _moved(before: list[str], after: list[str]) -> frozenset[str]:
    """The fewest names whose move explains the new order."""
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    kept = {name for block in blocks for name in after[block.b : block.b + block.size]}
    return frozenset(after) - kept


def step_changes(old: Step, new: Step) -> tuple[Change, ...]:
    """The keys of a step that differ, inputs one by one."""
    before, after = _keys(old), _keys(new)
    found = []
    for key in dict.fromkeys((*before, *after)):
        if before.get(key) != after.get(key):
            found.append(Change(key, before.get(key), after.get(key), _kind(key)))
    return tuple(found)


def _kind(key: str) -> Kind:
    if key in _STRUCTURAL:
        return "structural"
    return "code" if key in _CODE or key.startswith("inputs.") else "setting"


def _keys(step: Step) -> dict[str, str]:
    """The keys of a step under the names the file has, as text, those of mappings one by one; defaults are left out."""
    found: dict[str, str] = {}
    for field in type(step).model_fields:
        value = getattr(step, field)
        if field in ("name", "line", "condition_per_item") or value == type(step).model_fields[field].get_default(
            call_default_factory=True
        ):
            continue
        if field == "inputs":
            found |= {f"inputs.{key}": _text(element) for key, element in value.items()}
        elif isinstance(value, Retry | OnError):
            found |= {
                f"{field}.{key}": _text(element) for key, element in value.model_dump(exclude_defaults=True).items()
            }
        else:
            found["if" if field == "condition" else field] = _text(value)
    return found


def _text(value: Any) -> str:
    match value:
        case str():
            return value
        case ItemSource(kind="items", where=None, limit=None, chunk=None):
            return _text(value.value)
        case ItemSource():
            options = {
                name: each
                for name, each in value.model_dump(exclude_none=True).items()
                if name not in ("kind", "value")
            }
            return _text({value.kind: value.value, **options})
        case Parallel(executor=None):
            return _text(True if value.max_parallel is None else value.max_parallel)
        case _ if hasattr(value, "model_dump"):
            return _text(value.model_dump(exclude_defaults=True, exclude_none=True, mode="json"))
    return json.dumps(value, ensure_ascii=False, default=str)


def _flow_changes(old: Flow, new: Flow) -> tuple[Change, ...]:
    found = []
    for key in ("name", "description", "version", "env", "handlers", "notify"):
        before, after = getattr(old, key), getattr(new, key)
        if before != after:
            kind: Kind = "code" if key == "env" else "setting"
            found.append(Change(key, _text(before) if before else None, _text(after) if after else None, kind))
    for name in dict.fromkeys((*old.params, *new.params)):
        was, now = old.params.get(name), new.params.get(name)
        if was != now:
            texts = [None if param is None else _text(param) for param in (was, now)]
            found.append(Change(f"params.{name}", texts[0], texts[1], "structural" if was is None else "frozen"))
    return tuple(found)


def _files(old: Plan, new: Plan) -> tuple[FileDiff, ...]:
    before = {file.path: file for file in old.handlers}
    after = {file.path: file for file in new.handlers}
    stale = _stale(old, new)
    found = []
    for path in dict.fromkeys((*after, *before)):
        was, now = before.get(path), after.get(path)
        if was == now:
            continue
        added, removed = _lines(was.source if was else b"", now.source if now else b"")
        steps = tuple(name for name in stale if any(_in(plan[name].step, plan.handlers, path) for plan in (old, new)))
        found.append(FileDiff(path, added, removed, steps))
    return tuple(found)


def _stale(old: Plan, new: Plan) -> list[str]:
    definitions = {planned.name: planned.definition for planned in old.steps}
    return [p.name for p in new.steps if p.name in definitions and definitions[p.name] != p.definition]


def _in(step: Step, files: tuple[HandlerFile, ...], path: str) -> bool:
    file = handler_file(step, files)
    return file is not None and file.path == path


def _lines(old: bytes, new: bytes) -> tuple[int, int]:
    """Lines added and removed; for long files the order of lines is not looked at."""
    before, after = old.splitlines(), new.splitlines()
    if max(len(before), len(after)) > _MANY_LINES:
        came, went = Counter(after), Counter(before)
        return (came - went).total(), (went - came).total()
    same = sum(block.size for block in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks())
    return len(after) - same, len(before) - same
