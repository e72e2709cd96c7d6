"""The text of a flow as a `Flow`: every key of the language, every problem of the file in one pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from tui_workflow.flow import settings
from tui_workflow.flow.compose import Refused, compose, decode, split_lines
from tui_workflow.flow.model import Flow, Notify, Section
from tui_workflow.flow.nodes import Entry, Mapping, Node, Scalar, Sequence, kind
from tui_workflow.flow.params_text import read_params
from tui_workflow.flow.problems import Problem
from tui_workflow.flow.reader import Reader, entry_items
from tui_workflow.flow.segments import is_template
from tui_workflow.flow.steps import MAX_NAME, NAME, ReadStep, environment, read_step
from tui_workflow.flow.uses import Uses

# fmt: off
KEYS = (
    "name", "description", "version", "params", "env", "handlers", "defaults", "steps", "on_failure", "finally",
    "notify",
)
# fmt: on
SECTIONS: tuple[tuple[Section, str], ...] = (("steps", "steps"), ("on_failure", "on_failure"), ("finally", "final"))
ALERTS = ("item_failed", "failed", "finished")


@dataclass(slots=True)
class Parsed:
    """What one text says. `flow` is None when the text is no mapping; with errors it holds what could be read."""

    text: str
    read: Reader
    flow: Flow | None = None
    steps: list[ReadStep] = field(default_factory=list)
    handlers: list[Scalar] = field(default_factory=list)
    root: Node | None = None


def parse(data: bytes, file: str, stem: str) -> Parsed:
    """Read a flow. `file` names it in problems, `stem` is its name when it gives none. Reads no other file."""
    try:
        text = decode(data, file)
    except Refused as refused:
        read = Reader(file, [])
        read.problems.append(refused.problem)
        return Parsed("", read)
    read = Reader(file, split_lines(text))
    root, problems = compose(text, file)
    read.problems.extend(problems)
    parsed = Parsed(text, read, root=root)
    if root is None or (isinstance(root, Scalar) and root.value is None):
        if not problems:
            read.at("error", 1, 1, "the file is empty", "'wf-tui new FILE' writes a flow to start from")
    elif not isinstance(root, Mapping):
        read.error(root, f"a flow is a mapping with the key 'steps', not {kind(root)}")
    else:
        _flow(parsed, root, stem)
    return parsed


def _flow(parsed: Parsed, root: Mapping, stem: str) -> None:
    read = parsed.read
    given = read.fields(root, KEYS, "the flow") or {}
    fields: dict[str, Any] = {"name": stem}
    for key in ("name", "description", "version"):
        if entry := given.get(key):
            fields[key] = read.label(entry.value, f"'{key}'") or (stem if key == "name" else None)
    if entry := given.get("params"):
        fields["params"] = read_params(read, entry.value)
    params = (
        frozenset(entry.key.text for entry in entry_items(given["params"].value)) if "params" in given else frozenset()
    )
    uses = Uses(read, params=params)
    if (entry := given.get("env")) and not _nothing(entry.value):
        fields["env"] = environment(read, uses, entry.value, "'env'", "flow")
    if (entry := given.get("handlers")) and not _nothing(entry.value):
        parsed.handlers = _handlers(read, entry.value)
        fields["handlers"] = tuple(node.text for node in parsed.handlers)
    defaults = _defaults(read, uses, given["defaults"].value) if "defaults" in given else {}
    if entry := given.get("notify"):
        fields["notify"] = _notify(read, entry.value)
    if "steps" not in given:
        read.error(root, "the flow has no steps", "add steps:, a mapping of names to steps; it may be empty")
    seen: dict[str, Entry] = {}
    for key, name in SECTIONS:
        section = _section(read, given.get(key), key, defaults, params, seen)
        parsed.steps.extend(section)
        fields[name] = tuple(step.step for step in section)
    parsed.flow = Flow.model_validate({key: value for key, value in fields.items() if value is not None})


def _nothing(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _handlers(read: Reader, node: Node) -> list[Scalar]:
    found = []
    for element in read.elements(node, "'handlers'", "Python files or modules") or ():
        text = read.text(element, "an element of 'handlers'")
        if text is not None and isinstance(element, Scalar):
            if not text or is_template(text):
                read.error(element, "'handlers' takes names of Python files or modules, no templates")
            else:
                found.append(element)
    return found


def _defaults(read: Reader, uses: Uses, node: Node) -> dict[str, Any]:
    if _nothing(node):
        return {}
    given = read.fields(node, settings.DEFAULT_KEYS, "'defaults'") or {}
    found: dict[str, Any] = {}
    for key, entry in given.items():
        what = f"'{key}' of 'defaults'"
        value: Any = None
        if key == "retry":
            value = settings.retry(read, entry.value, what)
        elif key == "on_error":
            value = settings.on_error(read, entry.value, what)
        elif key == "parallel":
            value = settings.parallel(read, entry.value, what)
            uses.value(entry.value, "step")
        else:
            value = settings.seconds(read, entry.value, what, above=True)
        if value is not None:
            found[key] = value
    return found


def _notify(read: Reader, node: Node) -> Notify | None:
    given = read.fields(node, ("on", "bell", "command"), "'notify'")
    if given is None:
        return None
    fields: dict[str, Any] = {}
    if entry := given.get("on"):
        alerts = [
            read.choice(element, "an alert in 'on' of 'notify'", ALERTS)
            for element in read.elements(entry.value, "'on' of 'notify'", "alerts") or ()
        ]
        fields["on"] = tuple(alert for alert in alerts if alert)
    else:
        read.error(node, "'notify' does not say when", f"add on: [{', '.join(ALERTS)}]")
    if entry := given.get("bell"):
        fields["bell"] = read.flag(entry.value, "'bell' of 'notify'")
    if (entry := given.get("command")) and (command := read.text(entry.value, "'command' of 'notify'")) is not None:
        fields["command"] = command
        if is_template(command):
            hint = "the alert is in its environment"
            read.error(entry.value, "'command' of 'notify' cannot hold templates", hint)
    return Notify.model_validate({key: value for key, value in fields.items() if value is not None})


def _section(
    read: Reader,
    section: Entry | None,
    key: str,
    defaults: dict[str, Any],
    params: frozenset[str],
    seen: dict[str, Entry],
) -> list[ReadStep]:
    if section is None or _nothing(section.value):
        return []
    found = []
    for entry in _entries(read, section.value, key):
        name = entry.key.text
        if not NAME.match(name) or len(name) > MAX_NAME or not isinstance(entry.key.value, str):
            shown = name if len(name) <= 40 else f"{name[:39]}…"
            hint = f"use letters, digits, '_' and '-', at most {MAX_NAME}, and a letter first"
            read.error(entry, f"'{shown}' is not a name for a step", hint)
        elif name.startswith("__"):
            read.error(entry, f"'{name}' is not a name for a step: names with '__' in front are reserved")
        elif name in seen:
            read.error(entry, f"there is a step '{name}' already, on line {seen[name].key.line}", "rename one of them")
            continue
        else:
            seen[name] = entry
        step = read_step(read, entry, cast(Section, key), defaults, params)
        if seen.get(name) is entry:
            found.append(step)
    return found


def _entries(read: Reader, node: Node, key: str) -> list[Entry]:
    if isinstance(node, Mapping):
        return entry_items(node)
    if not isinstance(node, Sequence):
        read.error(node, f"'{key}' must be a mapping of names to steps, not {kind(node)}")
        return []
    found = []
    for element in node.items:
        if not isinstance(element, Mapping):
            read.error(element, f"an element of '{key}' must be a step with a name, not {kind(element)}")
            continue
        name = element.get("name")
        if name is None or not isinstance(name.value, Scalar):
            hint = "add name: NAME"
            if len(element.entries) == 1 and isinstance(element.entries[0].value, Mapping):
                hint = f"write name: {element.entries[0].key.text}, and its keys beside it"
            read.error(name.value if name else element, f"an element of '{key}' has no name", hint)
            continue
        rest = Mapping([entry for entry in element if entry is not name], element.line, element.column)
        found.append(Entry(name.value, rest))
    return found


def errors(problems: list[Problem]) -> list[Problem]:
    """The problems that keep a flow from running."""
    return [problem for problem in problems if problem.severity == "error"]
