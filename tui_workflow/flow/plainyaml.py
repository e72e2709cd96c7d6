"""Small YAML settings files (themes, key maps) as plain mappings. Flows have a reader of their own, `flow.parse`."""

from __future__ import annotations

from typing import Any

from tui_workflow.errors import Source, WfError

LIMIT = 64 * 1024
"""A settings file is small; a larger one is refused before it is read, so that no alias can blow it up."""


class UnreadableSettings(WfError):
    """A settings file is not a YAML mapping."""

    exit_code = 2


def read_mapping(text: str, file: str = "<text>") -> dict[str, Any]:
    """The mapping that a YAML text states; {} for an empty one. Aliases and tags are refused: settings need none.

    Raises `UnreadableSettings` with the place of the mistake.
    """
    import yaml

    if len(text) > LIMIT:
        raise UnreadableSettings(
            f"more than {LIMIT // 1024} KiB", source=Source(file), hint="Settings files are short."
        )
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for event in yaml.parse(text, Loader=loader):
            if isinstance(event, yaml.AliasEvent):
                raise UnreadableSettings("aliases are not allowed here", source=_place(file, event.start_mark))
        value = yaml.load(text, Loader=loader)  # noqa: S506  (a safe loader; C when it is there)
    except yaml.MarkedYAMLError as problem:
        where = _place(file, problem.problem_mark or problem.context_mark)
        raise UnreadableSettings(f"not YAML: {problem.problem or problem.context}", source=where) from None
    except (yaml.YAMLError, RecursionError, ValueError) as problem:
        raise UnreadableSettings(f"not YAML: {problem}".split("\n", 1)[0], source=Source(file)) from None
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise UnreadableSettings("not a mapping of names to values", source=Source(file))
    return value


def _place(file: str, mark: Any) -> Source:
    return Source(file, mark.line + 1, mark.column + 1) if mark is not None else Source(file)
