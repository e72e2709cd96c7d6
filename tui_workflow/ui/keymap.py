"""From a key press to the name of an action, by the table of `view.keys` and a person's own `keys.yaml`."""

from __future__ import annotations

from pathlib import Path

from tui_workflow.errors import WfError
from tui_workflow.view.keys import DEFAULT, Context, Keymap, event_name

SAME = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+j": "enter", "backtab": "shift+tab"}
"""Names under which some terminals report a key."""


def read(name: str, character: str | None, keymap: Keymap, context: Context) -> str | None:
    """The action of a pressed key in a context, None if there is none."""
    name = SAME.get(name, name)
    for action in keymap.here(context):
        for key in action.keys:
            if event_name(key) == name or (len(key) == 1 and key == character):
                return action.name
    return None


def elsewhere(name: str, character: str | None, keymap: Keymap) -> str | None:
    """The action that a key has in some other place."""
    for action in keymap.actions:
        if any(event_name(key) == name or (len(key) == 1 and key == character) for key in action.keys):
            return action.name
    return None


def load(folder: Path | None = None) -> tuple[Keymap, str]:
    """The key map with what the person's file changes, and a sentence if that cannot be used: then the default holds."""
    if folder is None:
        from platformdirs import user_config_path

        folder = user_config_path("wf-tui")
    path = folder / "keys.yaml"
    if not path.is_file():
        return DEFAULT, ""
    from tui_workflow.flow.plainyaml import read_mapping

    try:
        return DEFAULT.remapped(read_mapping(path.read_text("utf-8"), str(path)), file=str(path)), ""
    except (WfError, OSError, UnicodeError) as problem:
        return DEFAULT, str(problem)
