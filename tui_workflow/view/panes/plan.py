"""What a saved edit changes: what holds already, what waits, and what that means for the items there are."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tui_workflow.facts.state import RunState, StepState
from tui_workflow.text import visible
from tui_workflow.view import numbers, telling
from tui_workflow.view.columns import apart, beginning, cut_line, fill, line_width
from tui_workflow.view.columns import width as columns_of
from tui_workflow.view.glyphs import Glyphs
from tui_workflow.view.line import Line, Span
from tui_workflow.view.panes.dialog import sentence
from tui_workflow.view.panes.row import BLANK, Row, Rows, data, short
from tui_workflow.view.ports import Edit, EditedFile, Rejected, ReloadPlan

COUNTS = (15, 10, 14)
"""Columns of done, failed and not started."""
WITH_COUNTS = 80
"""Columns from which on the counts stand beside the edits, not below them."""
LEAST_ROWS = 3
LONGEST = 400
"""Columns of a value of which more is never seen."""
SECONDS = ("timeout", "retry.delay", "retry.max_delay")
WHOLE = "the flow"
"""In the place of a step's name, for what belongs to none."""
_Part = tuple[str, Line]
"""A key and what became of it."""


def rows(plan: ReloadPlan, state: RunState, flying: dict[str, int], width: int, height: int, glyphs: Glyphs) -> Rows:
    """The plan in about `height` rows. `flying` are the numbers of items in flight, by step."""
    force = _force(plan, state, flying, width, glyphs)
    waiting = _waiting(plan, state, width, glyphs)
    rest = _unchanged(plan, sum(flying.values()), width)
    room = height - len(rest) - 2
    if waiting:
        keep = max(LEAST_ROWS, room - len(force))
        waiting = _cut(waiting, keep)
        force = _cut(force, max(LEAST_ROWS, room - len(waiting)))
    else:
        force = _cut(force, room)
    found = [*force, BLANK] if force else []
    return [*found, *([*waiting, BLANK] if waiting else []), *rest]


def title(plan: ReloadPlan, glyphs: Glyphs) -> Line:
    """What stands at the right end of the dialog's title."""
    name = plan.path.rsplit("/", 1)[-1]
    words = f"  r{plan.before} {glyphs.arrow} r{plan.after}, saved at {numbers.clock(plan.saved)}"
    return (*data(name, "text"), Span(words, "dim"))


def refused(rejected: Rejected, plan: ReloadPlan, width: int, glyphs: Glyphs) -> Rows:
    """What stands above a plan while a later save is not taken up: where that is broken, and that this is the plan before."""
    name = rejected.path.rsplit("/", 1)[-1]
    place = f"{name}:{rejected.line}:{rejected.column}"
    others = f", and {numbers.plural(rejected.count - 1, 'more problem')}" if rejected.count > 1 else ""
    lead = f"The save at {numbers.clock(rejected.saved)} was not taken up"
    words = sentence(f"{place} {rejected.message.rstrip('.')}{others}", max(8, width - 2))
    words += sentence(f"Below is the plan before it, r{plan.before} {glyphs.arrow} r{plan.after}.", width - 2, "dim")
    head = Row((Span(f"{glyphs.failed} ", "failed"), *data(lead, "failed", bold=True)))
    return [head, *(Row((Span("  "), *row.line)) for row in words), BLANK]


def _cut(block: Rows, height: int) -> Rows:
    if len(block) <= height:
        return block
    more = len(block) - height + 1
    return [*block[: height - 1], Row((Span(f"{more} more rows, the text diff has them all", "dim", italic=True),))]


def _force(plan: ReloadPlan, state: RunState, flying: dict[str, int], width: int, glyphs: Glyphs) -> Rows:
    names = list(dict.fromkeys([edit.step for edit in plan.in_force] + [name for f in plan.files for name in f.steps]))
    loose = [file for file in plan.files if not file.steps]
    if not names and not loose:
        return []
    beside = width >= WITH_COUNTS
    head: Line = (Span("In force", "strong", bold=True), Span("  for every item that starts from now", "dim"))
    heads = tuple(Span(fill(word, size, align="right"), "dim") for word, size in zip(_HEADS, COUNTS, strict=True))
    found = [Row(apart(head, heads if beside else (), width, mark=glyphs.ellipsis))]
    labels = [*names, *(file.path.rsplit("/", 1)[-1] for file in loose)]
    shown = _Shape(width - (sum(COUNTS) + 2 if beside else 0), labels, _keys(plan), glyphs)
    for name in names:
        edits = [edit for edit in plan.in_force if edit.step == name]
        files = [file for file in plan.files if name in file.steps]
        lines = shown.step(edits, files, name)
        step = state.steps.get(name)
        if step is not None:
            counts = _Counts(step, flying.get(name, 0), plan.after, glyphs)
            if beside:
                lines = counts.beside(lines, width)
            elif counts.some:
                lines += counts.below(width)
        found += map(Row, lines)
    for file in loose:
        lead = shown.lead("~", "retrying", file.path.rsplit("/", 1)[-1])
        found.append(Row((*lead, *_lines(file, glyphs), Span("  no step's code differs", "dim"))))
    return found


_HEADS = ("done", "failed", "not started")


class _Shape:
    """The columns of the edits: sign, step, key, what became of it."""

    def __init__(self, width: int, names: Sequence[str], keys: Sequence[str], glyphs: Glyphs) -> None:
        self.width = width
        self.glyphs = glyphs
        self.name = min(max((columns_of(name or WHOLE) for name in names), default=0), max(12, width // 3))
        self.key = min(max((columns_of(key) for key in keys), default=0), max(8, width // 4))

    def lead(self, sign: str, role: str, name: str) -> Line:
        label = short(name or WHOLE, self.name, "strong" if name else "dim", self.glyphs, bold=bool(name))
        pad = Span(" " * max(0, self.name - line_width(label) + 3))
        return (Span(f"{sign} ", role, bold=True), *label, pad)

    def part(self, lead: Line, key: str, value: Line) -> Line:
        label = short(key, self.key, "dim", self.glyphs)
        if not value:
            return (*lead, *label)
        return (*lead, *label, Span(" " * max(0, self.key - line_width(label) + 2)), *value)

    def step(self, edits: Sequence[Edit], files: Sequence[EditedFile], name: str) -> list[Line]:
        """The lines of one step: its keys, then the files that its code is in."""
        room = max(8, self.width - self.name - self.key - 7)
        came = [edit for edit in edits if edit.what != "changed"]
        if came:
            return [(*self.lead(*_sign(came[0], self.glyphs), name), *data(_came(came[0]), "dim"))]
        parts: list[_Part] = [(_short_key(edit.key), change(edit, room, self.glyphs)) for edit in edits]
        if files:
            parts = [part for part in parts if part[0] != "code"]
        parts += [(file.path.rsplit("/", 1)[-1], _lines(file, self.glyphs)) for file in files]
        lead = self.lead("~", "retrying", name)
        blank: Line = (Span(" " * line_width(lead)),)
        return [self.part(lead if place == 0 else blank, *part) for place, part in enumerate(parts)]


class _Counts:
    """What the items of a step that is edited are: kept, stale, still to start."""

    def __init__(self, step: StepState, flying: int, revision: int, glyphs: Glyphs) -> None:
        pending = 1 if not step.states and step.status == "pending" and not step.shape.for_each else 0
        waiting = max(0, step.waiting - flying) + pending
        self.numbers = (step.succeeded, step.failed, waiting)
        self.roles = ("strong", "failed", "strong")
        # How many are, not that some are: what ran since the edit is not, and an edit there and back leaves none.
        kept = f"{glyphs.stale} {numbers.count(step.stale)} stale" if step.stale else "kept"
        self.words = (kept, "kept", f"use r{revision}")
        self.word_roles = ("stale" if step.stale else "dim", "dim", "dim")

    @property
    def some(self) -> bool:
        return any(self.numbers)

    def beside(self, lines: list[Line], width: int) -> list[Line]:
        """The numbers at the end of the first line, the words at the end of the second."""
        blank: Line = ()
        lines = lines if len(lines) > 1 or not self.some else [*lines, blank]
        first, second = [], []
        columns = zip(self.numbers, self.roles, self.words, self.word_roles, COUNTS, strict=True)
        for number, role, word, word_role, size in columns:
            text = numbers.count(number) if number else ""
            first.append(Span(fill(text, size, align="right"), role, bold=True))
            if columns_of(word) > size:
                word = word.removesuffix(" stale")
            second.append(Span(fill(word if number else "", size, align="right"), word_role))
        found = [apart(lines[0], tuple(first), width)]
        if len(lines) > 1:
            found += [apart(lines[1], tuple(second), width), *lines[2:]]
        return found

    def below(self, width: int) -> list[Line]:
        """The numbers with their words, in one line or, where that is too long, one each."""
        parts: list[Line] = []
        columns = zip(self.numbers, self.roles, self.words, self.word_roles, _HEADS, strict=True)
        for number, role, word, word_role, head in columns:
            if number:
                said = Span(f" {head}, {word}", word_role)
                parts.append((Span("  "), Span(numbers.count(number), role, bold=True), said))
        whole = tuple(span for part in parts for span in part)
        return [whole] if line_width(whole) <= width else parts


def _waiting(plan: ReloadPlan, state: RunState, width: int, glyphs: Glyphs) -> Rows:
    if not plan.waiting:
        return []
    count = f"{numbers.plural(len(plan.waiting), 'edit')} of the structure, or of what depends on it"
    head: Line = (Span("Waits for enter", "strong", bold=True), Span(f"  {count}", "dim"))
    found = [Row(cut_line(head, width, mark=glyphs.ellipsis))]
    shape = _Shape(width, [edit.step for edit in plan.waiting], [edit.key for edit in plan.waiting], glyphs)
    before = ""
    for edit in plan.waiting:
        lead = shape.lead(*_sign(edit, glyphs), edit.step)
        if edit.step == before:
            lead = (Span(" " * line_width(lead)),)
        before = edit.step
        if edit.what == "added":
            line: Line = (*lead, *data(f"new, {edit.note}" if edit.note else "new"))
        elif edit.what == "removed":
            line = (*lead, *data(_gone(state.steps.get(edit.step))))
        elif edit.key == "order":
            line = shape.part(lead, "order", data(f"moves, {edit.note}"))
        else:
            became = change(edit, width - shape.name - shape.key - 7, glyphs, was="text", now="text")
            line = shape.part(lead, _short_key(edit.key), became)
        found.append(Row(line))
    return found


def _sign(edit: Edit, glyphs: Glyphs) -> tuple[str, str]:
    return {"added": ("+", "ok"), "removed": (glyphs.minus, "failed")}.get(edit.what, ("~", "retrying"))


def _came(edit: Edit) -> str:
    return f"new, {edit.note}" if edit.what == "added" else "removed"


def _gone(step: StepState | None) -> str:
    if step is None or (not step.done and step.status in ("pending", "skipped", "cancelled")):
        return "removed, it has not run"
    if step.status == "running":
        return "removed, what it runs ends at once"
    done = f"{numbers.plural(step.done, 'item')} of it stay" if step.shape.for_each else "its result stays"
    return f"removed, {done} in the run file"


def _unchanged(plan: ReloadPlan, flying: int, width: int) -> Rows:
    words = {0: "", 1: "1 other step is unchanged."}.get(
        plan.unchanged, f"{numbers.count(plan.unchanged)} other steps are unchanged."
    )
    if flying:
        one = "item in flight finishes with what it" if flying == 1 else "items in flight finish with what they"
        words += f" The {numbers.count(flying)} {one} began with."
    return sentence(words.strip(), width, "dim") if words else []


def _keys(plan: ReloadPlan) -> list[str]:
    named = [file.path.rsplit("/", 1)[-1] for file in plan.files if file.steps]
    return [_short_key(edit.key) for edit in plan.in_force] + named


def _short_key(key: str) -> str:
    return key if key.startswith("params.") else key.rsplit(".", 1)[-1]


def change(edit: Edit, width: int, glyphs: Glyphs, *, was: str = "failed", now: str = "ok") -> Line:
    """From what to what; what is long is cut to what differs, the text diff has it whole."""
    if not edit.old and not edit.new:
        return data(edit.note, "dim") if edit.note else ()
    unset: Line = (Span("not set", "dim"),)
    old, new = _values(edit)
    room = max(8, width - 3)
    if old and new and columns_of(visible(old)) + columns_of(visible(new)) > room:
        old, new = telling.from_to(old, new, room, mark=glyphs.ellipsis)
        sides: list[Line] = [(Span(old, was),), (Span(new, now),)]
    else:
        room -= line_width(unset) if not (old and new) else 0
        sides = [short(text, room, role, glyphs) if text else unset for text, role in ((old, was), (new, now))]
    before, after = sides
    note = (Span(f"  {edit.note}", "dim"),) if edit.note else ()
    return (*before, Span(f" {glyphs.arrow} ", "dim"), *after, *note)


def _values(edit: Edit) -> tuple[str, str]:
    """The old and the new value as the rest of the screen writes them; of long ones what differs and what is near it."""
    lead, tail = telling.ends_alike(edit.old, edit.new)
    texts = [text[max(0, lead - LONGEST) : len(text) - max(0, tail - LONGEST)] for text in (edit.old, edit.new)]
    old, new = (_value(edit.key, text) for text in texts)
    if old == new and edit.old and edit.new:  # they differ in nothing but white space
        old, new = (beginning(text, LONGEST) for text in texts)
    return old, new


def _value(key: str, text: str) -> str:
    line = " ".join(beginning(text, LONGEST).split())
    try:
        if key in SECONDS:
            return f"{float(line):g} s"
        if key == "needs":
            return ", ".join(json.loads(line)) or "nothing"
        if key == "memory":
            return numbers.size(int(line))
    except ValueError:
        pass
    return line


def _lines(file: EditedFile, glyphs: Glyphs) -> Line:
    return (Span(f"+{file.added}", "ok"), Span(" "), Span(f"{glyphs.minus}{file.removed}", "failed"))
