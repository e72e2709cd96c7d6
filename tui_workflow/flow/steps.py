"""One step of the file as a `Step`, with the defaults merged in, and every text in it noted."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tui_workflow.flow import foreach, inputs, settings
from tui_workflow.flow.model import OnError, Parallel, Retry, Section, Step
from tui_workflow.flow.nodes import Entry, Mapping, Node, Scalar, kind, plain
from tui_workflow.flow.reader import Reader, entry_items
from tui_workflow.flow.segments import is_template
from tui_workflow.flow.uses import PER_ITEM, Use, Uses

# fmt: off
KEYS = (
    "type", "task", "inputs", "for_each", "batch_size", "key", "parallel", "retry", "timeout", "memory",
    "on_error", "on_progress", "if", "needs", "depends_on", "rerun", "checkpoint", "env", "workdir",
    "description",
)
# fmt: on
MAX_NAME = 100
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(slots=True)
class ReadStep:
    """A step as read: its value, where it stands, and what its texts refer to."""

    step: Step
    section: Section
    node: Entry
    """The key with its fields; for a step in a list the key is the value of `name`."""
    uses: list[Use]
    needs: list[Scalar]
    item_uses: list[Use] = field(default_factory=list)
    """Those of its texts that make what an item comes to: neither where items come from, nor what holds for the whole step."""


def read_step(
    read: Reader, entry: Entry, section: Section, defaults: dict[str, Any], params: frozenset[str]
) -> ReadStep:
    """The step of one entry. Every problem goes to the reader; what is wrong is left at its default."""
    name = entry.key.text
    what = f"step '{name}'"
    if not isinstance(entry.value, Mapping):
        read.error(entry, f"{what} must be a mapping, not {kind(entry.value)}", "give it a type and inputs")
        return ReadStep(Step(name=name, type="", line=entry.key.line), section, entry, [], [])
    given = read.fields(entry.value, KEYS, what) or {}
    uses = Uses(read, for_each="for_each" in given, params=params)
    fields: dict[str, Any] = {"name": name, "line": entry.key.line}
    fields["type"] = _type(read, _alias(read, given, "type", "task", what), entry, what)
    if node := given.get("for_each"):
        fields["for_each"] = foreach.source(read, node.value, f"'for_each' of {what}")
        _sources(uses, node.value)
    _settings(read, uses, given, fields, defaults if section == "steps" else {}, what)
    of_items = len(uses.found)
    _inputs(read, uses, given, fields, entry)
    _texts(read, uses, given, fields, what)
    condition = len(uses.found)
    _condition(read, uses, given, fields, what)
    item_uses = uses.found[of_items : None if fields.get("condition_per_item") else condition]
    needs = _needs(read, given, fields, what)
    if not uses.for_each:
        for key in ("parallel", "batch_size", "key", "checkpoint"):
            if key in given:
                read.warning(given[key], f"'{key}' of {what} has no effect: it has no for_each")
    step = Step.model_validate({key: value for key, value in fields.items() if value is not None})
    return ReadStep(step, section, entry, uses.found, needs, item_uses)


def _alias(read: Reader, given: dict[str, Entry], name: str, alias: str, what: str) -> Entry | None:
    if name in given and alias in given:
        read.error(given[alias], f"{what} has both '{name}' and '{alias}', which mean the same", "keep one")
    return given.get(name) or given.get(alias)


def _type(read: Reader, entry: Entry | None, step: Entry, what: str) -> str:
    if entry is None:
        read.error(step, f"{what} has no type", "add type: python, shell or template")
        return ""
    return read.text(entry.value, f"'type' of {what}") or ""


def _sources(uses: Uses, node: Node) -> None:
    if isinstance(node, Mapping):
        for entry in node:
            if entry.key.text == "where" and isinstance(entry.value, Scalar):
                uses.expression(entry.value, "item")
            else:
                uses.value(entry.value, "step")
    else:
        uses.value(node, "step")


def _settings(
    read: Reader, uses: Uses, given: dict[str, Entry], fields: dict[str, Any], defaults: dict[str, Any], what: str
) -> None:
    retry: dict[str, Any] = dict(defaults.get("retry", {}))
    if entry := given.get("retry"):
        retry |= settings.retry(read, entry.value, f"'retry' of {what}")
    on_error: dict[str, Any] = dict(defaults.get("on_error", {}))
    if entry := given.get("on_error"):
        on_error |= settings.on_error(read, entry.value, f"'on_error' of {what}")
    fields["retry"] = Retry(**retry)
    fields["on_error"] = OnError(**on_error)
    parallel = defaults.get("parallel") if uses.for_each else None
    if entry := given.get("parallel"):
        own = settings.parallel(read, entry.value, f"'parallel' of {what}")
        parallel = None if own is None else {**(parallel or {}), **own}
        uses.value(entry.value, "step")
    if parallel is not None:
        fields["parallel"] = Parallel(**parallel)
    fields["timeout"] = defaults.get("timeout")
    if entry := given.get("timeout"):
        timeout = settings.seconds(read, entry.value, f"'timeout' of {what}", above=True)
        fields["timeout"] = timeout
    if entry := given.get("memory"):
        fields["memory"] = settings.memory(read, entry.value, f"'memory' of {what}")
    if (entry := given.get("batch_size")) and not (isinstance(entry.value, Scalar) and entry.value.text == "auto"):
        fields["batch_size"] = read.integer(entry.value, f"'batch_size' of {what}", 1)
    if entry := given.get("rerun"):
        fields["rerun"] = read.flag(entry.value, f"'rerun' of {what}")
    if entry := given.get("checkpoint"):
        fields["checkpoint"] = read.choice(entry.value, f"'checkpoint' of {what}", ("group", "each"))


def _inputs(read: Reader, uses: Uses, given: dict[str, Entry], fields: dict[str, Any], step: Entry) -> None:
    name = step.key.text
    entry = given.get("inputs")
    node = entry.value if entry else Mapping([], step.key.line, step.key.column)
    if isinstance(node, Scalar) and node.value is None:
        node = Mapping([], node.line, node.column)
    if not isinstance(node, Mapping):
        read.error(node, f"'inputs' of step '{name}' must be a mapping, not {kind(node)}")
        node = Mapping([], node.line, node.column)
        fields["type"] = fields["type"] if fields["type"] not in inputs.BUILT_IN else ""
    for each in node:
        if not isinstance(each.key.value, str):
            read.error(each, f"the name of an input must be a string, not {kind(each.key)}")
    progress = given.get("on_progress")
    if inner := node.get("on_progress"):
        if progress:
            read.error(inner, f"step '{name}' has 'on_progress' twice", "keep one of the two")
        progress = progress or inner
        node = Mapping([each for each in node if each is not inner], node.line, node.column)
    if progress:
        fields["on_progress"] = inputs.progress(read, uses, progress)
        if not uses.for_each:
            read.warning(progress, f"'on_progress' of step '{name}' has no effect: it has no for_each")
    if fields["type"]:
        where = entry.key if entry else step.key
        inputs.check(read, uses, fields["type"], where, node, name)
    fields["inputs"] = {each.key.text: plain(each.value) for each in node}


def _condition(read: Reader, uses: Uses, given: dict[str, Entry], fields: dict[str, Any], what: str) -> None:
    entry = given.get("if")
    if entry is None:
        return
    node = entry.value
    if not isinstance(node, Scalar) or node.value is None:
        read.error(node, f"'if' of {what} must be an expression, not {kind(node)}")
        return
    fields["condition"] = node.text
    found = uses.expression(node, "item")
    fields["condition_per_item"] = uses.for_each and bool(found.names & PER_ITEM)


def _texts(read: Reader, uses: Uses, given: dict[str, Entry], fields: dict[str, Any], what: str) -> None:
    if (entry := given.get("key")) and (key := read.label(entry.value, f"'key' of {what}")) is not None:
        fields["key"] = key
        if not is_template(key):
            hint = 'write it as a template, such as "{{ item.id }}"'
            read.error(entry.value, f"'key' of {what} gives every item the same key", hint)
        uses.value(entry.value, "item")
    if entry := given.get("env"):
        fields["env"] = environment(read, uses, entry.value, f"'env' of {what}", "item")
        parallel: Parallel | None = fields.get("parallel")
        executor = parallel.executor if parallel else None
        if executor in ("thread", "async") and (where := per_item(entry.value)):
            hint = "use executor: process, or pass the value in inputs"
            read.error(where, f"an env per item cannot be had with executor {executor}: items share one process", hint)
    if (entry := given.get("workdir")) and read.text(entry.value, f"'workdir' of {what}") is not None:
        uses.value(entry.value, "item")
        fields["workdir"] = plain(entry.value)
    if entry := given.get("description"):
        fields["description"] = read.label(entry.value, f"'description' of {what}")


def per_item(env: Node) -> Entry | None:
    """The first variable whose value differs from item to item."""
    for entry in entry_items(env):
        probe = Uses(Reader("", []), for_each=True)
        if probe.value(entry.value, "item").names & (PER_ITEM | {"attempt"}):
            return entry
    return None


def environment(read: Reader, uses: Uses, node: Node, what: str, scope: str) -> dict[str, str] | None:
    """Environment variables: names that a shell accepts, values as text."""
    if not isinstance(node, Mapping):
        read.error(node, f"{what} must be a mapping, not {kind(node)}")
        return None
    found = {}
    for entry in node:
        if not _VARIABLE.match(entry.key.text):
            read.error(entry, f"'{entry.key.text}' is not the name of an environment variable")
        elif not isinstance(entry.value, Scalar) or entry.value.value is None:
            read.error(entry.value, f"'{entry.key.text}' in {what} must be a text, not {kind(entry.value)}")
        else:
            found[entry.key.text] = entry.value.text
            uses.value(entry.value, scope)
    return found


def _needs(read: Reader, given: dict[str, Entry], fields: dict[str, Any], what: str) -> list[Scalar]:
    entry = _alias(read, given, "needs", "depends_on", what)
    if entry is None:
        return []
    found: list[Scalar] = []
    elements = read.elements(entry.value, f"'{entry.key.text}' of {what}", "step names")
    for element in elements or ():
        if read.text(element, f"a name in '{entry.key.text}' of {what}") is not None:
            assert isinstance(element, Scalar)
            found.append(element)
    if elements is not None:
        fields["needs"] = tuple(dict.fromkeys(node.text for node in found))
    return found
