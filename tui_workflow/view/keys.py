"""Every key of the dashboard, in one table: footer, help, command palette and README are made from it.

An action is named, so that a person can give it other keys in `keys.yaml`; its words are the same everywhere. Keys are
written as they are read (`?`, `ctrl+d`, `G`); `event_name` gives the name by which the terminal library reports one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from tui_workflow.errors import Source, UsageError
from tui_workflow.text import visible
from tui_workflow.view.cellwidth import width

Context = Literal["steps", "step", "failures", "items", "item", "log", "definition", "history", "plan", "leave"]
PANES: tuple[Context, ...] = ("steps", "step", "failures", "items", "item", "log", "definition", "history")
LISTS: tuple[Context, ...] = ("steps", "step", "failures", "items", "item", "history")
WITH_ITEMS: tuple[Context, ...] = ("steps", "step", "failures", "items", "item")
DIALOGS: tuple[Context, ...] = ("plan", "leave")
PLACES: Mapping[Context, str] = {
    "steps": "the steps",
    "step": "the step",
    "failures": "the failures",
    "items": "a list of items",
    "item": "an item",
    "log": "the log",
    "definition": "the flow's text",
    "history": "the earlier runs",
    "plan": "the reload plan",
    "leave": "the leave dialog",
}
"""What the contexts are called in sentences."""
FEW = 3
"""Places that a sentence names."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a key does.

    `word` stands in the footer, `help` in the help and in the palette. `contexts` are the places where it acts;
    `weight` orders the footer, which drops from the right (0: not in the footer). `live` is true for what a run that is
    only looked at refuses: nobody conducts it.
    """

    name: str
    keys: tuple[str, ...]
    word: str
    help: str
    group: str
    contexts: tuple[Context, ...] = PANES
    weight: int = 0
    live: bool = False


_MOVE, _LOOK, _ACT, _RUN, _EDIT, _COPY, _PROGRAM, _PLAN, _LEAVE = (
    "Move",
    "Look",
    "Retry and skip",
    "The run",
    "Edit",
    "Copy and write",
    "The dashboard",
    "In the reload plan",
    "In the leave dialog",
)

_BY_EFFECT = (_ACT, _RUN, _EDIT, _COPY, _LOOK, _PROGRAM, _MOVE, _PLAN, _LEAVE)
"""The groups for one who looks for a command by its name: what does something to the run first, moves last, then what
dialogs have of their own."""

ACTIONS: tuple[Action, ...] = (
    Action("down", ("j", "down"), "down", "Move down", _MOVE),
    Action("up", ("k", "up"), "up", "Move up", _MOVE),
    Action("left", ("h", "left"), "left", "Move left, or fold", _MOVE),
    Action("right", ("right",), "right", "Move right, or unfold", _MOVE),
    Action("first", ("g", "home"), "first", "To the first row", _MOVE),
    Action("last", ("G", "end"), "last", "To the last row", _MOVE),
    Action("half_down", ("ctrl+d", "pagedown"), "half a page down", "Half a page down", _MOVE),
    Action("half_up", ("ctrl+u", "pageup"), "half a page up", "Half a page up", _MOVE),
    Action("pane_steps", ("1",), "steps", "To the steps", _MOVE),
    Action("pane_step", ("2",), "step", "To the selected step: progress, slots, item map", _MOVE),
    Action("pane_failures", ("3",), "failures", "To the failures", _MOVE),
    Action("pane_log", ("4",), "log", "To the log", _MOVE),
    Action("next_group", ("J",), "next group", "To the items of the next group", _MOVE, ("items", "item"), weight=57),
    Action("previous_group", ("K",), "previous group", "To the items of the group before", _MOVE, ("items", "item")),
    Action("next_pane", ("tab",), "next pane", "To the next pane", _MOVE),
    Action("previous_pane", ("shift+tab",), "previous pane", "To the previous pane", _MOVE),
    Action(
        "open",
        ("enter",),
        "open",
        "Open what is selected: the items of a step, of a group or of a cell of the map; an item",
        _MOVE,
        weight=45,
    ),
    Action("back", ("esc",), "back", "Back; closes a filter, a page, a dialog", _MOVE, weight=75),
    Action("zoom", ("z",), "zoom", "Zoom the pane, without a frame, so that a terminal selection is clean", _LOOK),
    Action("filter", ("/",), "filter", "Filter or search; /! keeps what does not match", _LOOK, weight=70),
    Action("next_hit", ("n",), "next hit", "To the next hit, or the next problem", _LOOK),
    Action("previous_hit", ("N",), "previous hit", "To the previous hit", _LOOK),
    Action("failures", ("f",), "failures", "Jump to the failures", _LOOK, ("steps", "step", "log"), weight=65),
    Action("sort", ("o",), "sort", "Sort by another column", _LOOK, ("failures", "items", "history"), weight=60),
    Action(
        "states",
        ("i",),
        "by state",
        "List the items of a step by state: running, skipped, failed, done, waiting, all",
        _LOOK,
        ("steps", "step", "items"),
        weight=58,
    ),
    Action("log", ("l",), "log", "The log of what is selected", _LOOK, WITH_ITEMS),
    Action("follow", ("F",), "follow", "Follow the log, or stay", _LOOK, ("log", "item"), weight=40, live=True),
    Action("wrap", ("w",), "wrap", "Wrap long lines, or cut them", _LOOK, ("log", "item", "definition"), weight=50),
    Action("timestamps", ("t",), "times", "Show or hide times", _LOOK, ("log", "item"), weight=55),
    Action("definition", ("d",), "definition", "The flow's text, with its problems in place", _LOOK),
    Action("history", ("H",), "history", "Earlier runs of this flow", _LOOK, weight=85),
    Action("mark", ("space",), "mark", "Mark or unmark; the cursor stays", _ACT, ("failures", "items"), weight=40),
    Action("range", ("v",), "range", "Mark a range", _ACT, ("failures", "items")),
    Action(
        "retry",
        ("r",),
        "retry",
        "Retry what is selected or marked: an item, or a group",
        _ACT,
        WITH_ITEMS,
        weight=10,
        live=True,
    ),
    Action(
        "retry_shown",
        ("a",),
        "retry all shown",
        "Retry all failed items of the list, as a filter leaves it; asks first",
        _ACT,
        ("items", "item"),
        weight=12,
        live=True,
    ),
    Action("retry_all", ("R",), "all failed", "Retry all failed items", _ACT, WITH_ITEMS, weight=15, live=True),
    Action(
        "canary",
        ("C",),
        "canary",
        "Retry one of the group or of what is shown first, then the rest",
        _ACT,
        ("failures", "items", "item"),
        weight=20,
        live=True,
    ),
    Action(
        "retry_step",
        ("ctrl+r",),
        "rerun step",
        "Run a step again, and what follows it",
        _ACT,
        ("steps", "step"),
        live=True,
    ),
    Action(
        "skip",
        ("s",),
        "skip",
        "Skip what is selected, with a reason; what runs is ended",
        _ACT,
        WITH_ITEMS,
        weight=27,
        live=True,
    ),
    Action("pause", ("p",), "pause", "Pause or resume the run", _RUN, weight=30, live=True),
    Action("drain", ("x",), "drain", "Start nothing new, finish what runs, then end; asks first", _RUN, live=True),
    Action("stop", ("X",), "stop", "Stop now; asks first", _RUN, live=True),
    Action(
        "fewer_slots",
        ("<",),
        "fewer",
        "One slot fewer for the selected step",
        _RUN,
        ("steps", "step"),
        weight=35,
        live=True,
    ),
    Action(
        "more_slots",
        (">",),
        "slots",
        "One slot more for the selected step",
        _RUN,
        ("steps", "step"),
        weight=36,
        live=True,
    ),
    Action("edit", ("e",), "edit", "Open $EDITOR at the line that matters", _EDIT, weight=25),
    Action(
        "plan",
        ("P",),
        "plan",
        "The reload plan: what a saved edit changes, and what waits for you",
        _EDIT,
        weight=95,
        live=True,
    ),
    Action(
        "rerun_stale",
        ("S",),
        "all stale",
        "Run again the items that are stale; asks first",
        _ACT,
        WITH_ITEMS,
        live=True,
    ),
    Action(
        "in_use",
        ("v",),
        "the text in use",
        "The text in use, or the save that was not taken up",
        _EDIT,
        ("definition",),
        72,
    ),
    Action(
        "copy",
        ("y",),
        "copy",
        "Copy what is selected: an error, an item, a line, a name",
        _COPY,
        weight=80,
    ),
    Action(
        "copy_more",
        ("Y",),
        "copy JSON",
        "Copy a part of an item: key, error, traceback, input, all as JSON",
        _COPY,
    ),
    Action(
        "write",
        ("W",),
        "write",
        "Write the failed items to a file; for_each: {file: NAME} reads it, the item is item.item",
        _COPY,
    ),
    Action("help", ("?",), "help", "Help for where you are", _PROGRAM, (*PANES, *DIALOGS), weight=100),
    Action("palette", (":", "ctrl+p"), "commands", "Every command, by name", _PROGRAM, weight=90),
    Action("looks", ("A",), "looks", "Next of: as the theme says, colour-blind colours, ASCII", _PROGRAM),
    Action("leave", ("q",), "leave", "Leave: drain first, stop now, or keep looking", _PROGRAM, weight=110),
    Action(
        "interrupt", ("ctrl+c",), "leave", "Leave; again within two seconds: stop now", _PROGRAM, (*PANES, *DIALOGS)
    ),
    Action(
        "plan_accept", ("enter",), "accept", "Accept the edits; nothing that is done runs again", _PLAN, ("plan",), 10
    ),
    Action("plan_failed", ("f",), "and run the failed", "Accept, and run the failed items again", _PLAN, ("plan",), 20),
    Action(
        "plan_group",
        ("r",),
        "and retry the selected",
        "Accept, and retry the group of failures that is selected; asks first",
        _PLAN,
        ("plan",),
        25,
    ),
    Action(
        "plan_stale",
        ("s",),
        "and run the stale",
        "Accept, and run the stale items again; asks first",
        _PLAN,
        ("plan",),
        30,
    ),
    Action("plan_diff", ("d",), "text diff", "The difference as text", _PLAN, ("plan",), 40),
    Action("plan_copy", ("y",), "copy it", "Copy the difference as text", _PLAN, ("plan",), 45),
    Action(
        "plan_back", ("b",), "back to the earlier revision", "Go back to the earlier revision", _PLAN, ("plan",), 50
    ),
    Action("plan_edit", ("e",), "edit again", "Edit again", _PLAN, ("plan",), 60),
    Action("plan_close", ("esc",), "close, changes nothing", "Close the plan; nothing changes", _PLAN, ("plan",), 70),
    Action("leave_drain", ("d",), "drain, then leave", "Finish what runs, then leave", _LEAVE, ("leave",), 10),
    Action("leave_stop", ("s",), "stop now", "Stop what runs; it runs again on resume", _LEAVE, ("leave",), 20),
    Action("leave_stay", ("esc",), "keep looking", "Keep looking", _LEAVE, ("leave",), 30),
)

RESERVED = frozenset({"ctrl+s", "ctrl+q", "ctrl+a", "ctrl+b", "ctrl+z"})
"""Keys that terminals and multiplexers keep for themselves."""


class InvalidKeys(UsageError):
    """A `keys.yaml` cannot be used."""


@dataclass(frozen=True, slots=True)
class Keymap:
    """The actions with the keys that hold now."""

    actions: tuple[Action, ...] = ACTIONS

    def __getitem__(self, name: str) -> Action:
        for action in self.actions:
            if action.name == name:
                return action
        raise KeyError(name)

    def here(self, context: Context) -> tuple[Action, ...]:
        """The actions that act in a context, in the order of the table."""
        return tuple(action for action in self.actions if context in action.contexts)

    def action_for(self, key: str, context: Context) -> Action | None:
        """What a key (as written in the table) does in a context."""
        return next((action for action in self.here(context) if key in action.keys), None)

    def anywhere(self, key: str) -> Action | None:
        """The first action that has this key at all: to say where it would do something."""
        return next((action for action in self.actions if key in action.keys), None)

    def footer(self, context: Context) -> tuple[Action, ...]:
        """The actions of the footer, the most useful first."""
        return tuple(sorted((action for action in self.here(context) if action.weight), key=lambda each: each.weight))

    def by_effect(self) -> tuple[Action, ...]:
        """All actions for the palette: by what they do to the run, in a group as in the footer."""

        def rank(action: Action) -> tuple[int, bool, bool, int]:
            return _BY_EFFECT.index(action.group), not action.live, not action.weight, action.weight

        return tuple(sorted(self.actions, key=rank))

    def groups(self, context: Context | None = None) -> tuple[tuple[str, tuple[Action, ...]], ...]:
        """Actions by group, for help; of one context, or all."""
        chosen = self.actions if context is None else self.here(context)
        titles = dict.fromkeys(action.group for action in chosen)
        return tuple((title, tuple(each for each in chosen if each.group == title)) for title in titles)

    def remapped(self, wishes: Mapping[str, Any], *, file: str | None = None) -> Keymap:
        """The same map with other keys for some actions: `{retry: ["r", "f5"], zoom: z}`; an empty list frees its keys.

        Raises `InvalidKeys` naming everything that is wrong: an unknown action or key, a key that two actions
        of one place would share, a way out that would be lost.
        """
        problems: list[str] = []
        changed: dict[str, tuple[str, ...]] = {}
        names = {action.name for action in self.actions}
        for name, wish in wishes.items():
            keys = [wish] if isinstance(wish, str) else wish
            if name not in names:
                problems.append(f"{name}: no such action")
            elif not isinstance(keys, Sequence) or not all(isinstance(key, str) for key in keys):
                problems.append(f"{name}: give a key or a list of keys, in quotes")
            else:
                problems += [f"{name}: {key!r} is no key this program can tell apart" for key in keys if not valid(key)]
                problems += [f"{name}: {key} belongs to the terminal" for key in keys if key in RESERVED]
                changed[name] = tuple(keys)
        mapped = Keymap(tuple(replace(each, keys=changed.get(each.name, each.keys)) for each in self.actions))
        problems += mapped.clashes()
        problems += [f"{name}: needs a key" for name in ("leave", "back", "help") if not mapped[name].keys]
        if mapped["interrupt"].keys != ("ctrl+c",):
            problems.append("interrupt: ctrl+c stays as it is")
        if problems:
            raise InvalidKeys(
                "the key map cannot be used: " + "; ".join(dict.fromkeys(problems)),
                source=Source(file) if file else None,
                hint="Each line is ACTION: KEY or ACTION: [KEY, KEY]; 'wf-tui help keys' lists the actions.",
            )
        return mapped

    def clashes(self) -> list[str]:
        """Keys that two actions share in one context, as sentences."""
        found = []
        for context in (*PANES, *DIALOGS):
            taken: dict[str, str] = {}
            for action in self.here(context):
                for key in action.keys:
                    if taken.setdefault(key, action.name) != action.name:
                        found.append(f"{key}: both {taken[key]} and {action.name}")
        return list(dict.fromkeys(found))

    def markdown(self) -> str:
        """The reference page of the keys."""
        parts = ["# Keys", ""]
        for title, actions in self.groups():
            parts += [f"## {title}", "", "| keys | does | action |", "|---|---|---|"]
            for action in actions:
                keys = " ".join(f"`{key}`" for key in action.keys) or "none"
                parts.append(f"| {keys} | {action.help} | `{action.name}` |")
            parts.append("")
        parts += [
            "## Keys of your own",
            "",
            "Put them into `keys.yaml` in the config folder (`~/.config/wf-tui/` on Linux), one action a line:",
            "",
            "```yaml",
            'retry: ["r", "f5"]',
            'zoom: "Z"',
            "copy_more: []   # no key",
            "```",
            "",
            "Only the actions named there change. A map that cannot be used is refused as a whole, and says why.",
            "",
        ]
        return "\n".join(parts)


DEFAULT = Keymap()

_NAMED = frozenset(
    ["enter", "esc", "space", "tab", "up", "down", "left", "right", "home", "end", "pageup", "pagedown"]
    + ["insert", "delete", "backspace"]
    + [f"f{number}" for number in range(1, 13)]
)
_EVENT_NAMES = {"esc": "escape"}
_SIGN_NAMES = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}


def where(action: Action, context: Context) -> str:
    """Where an action is at home, or that it is not in a context if that is shorter."""
    if action.name == context:
        return f"to {PLACES[context]}, where you are"
    if len(action.contexts) > FEW:
        return f"not in {PLACES[context]}"
    *others, last = [PLACES[place] for place in action.contexts]
    return f"for {', '.join(others)} and {last}" if others else f"for {last}"


def not_here(action: Action, key: str, context: Context) -> str:
    """Why a key does nothing in a context."""
    if action.name == context:
        return f"{key} leads to {PLACES[context]}, where you are"
    if len(action.contexts) > FEW:
        return f"{key} ({action.word}) does nothing in {PLACES[context]}"
    return f"{key} ({action.word}) is {where(action, context)}; here it does nothing"


def valid(key: str) -> bool:
    """Whether a key can be written in a key map: a character, a named key, or one of these with ctrl+ or shift+."""
    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    if any(modifier not in ("ctrl", "shift", "alt") for modifier in modifiers):
        return False
    if len(last) == 1:
        seen = last.isprintable() and last != " " and visible(last) == last and width(last) > 0
        return seen and not (modifiers and last.isupper())
    return last in _NAMED


@lru_cache(maxsize=256)
def event_name(key: str) -> str:
    """The name by which the terminal library reports a key: `question_mark` for `?`, `escape` for `esc`."""
    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    if len(last) == 1 and not last.isalnum():
        last = unicodedata.name(last).lower().replace("-", "_").replace(" ", "_")
        last = _SIGN_NAMES.get(last, last)
    return "+".join((*modifiers, _EVENT_NAMES.get(last, last)))
