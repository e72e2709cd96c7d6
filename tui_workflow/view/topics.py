"""The reference pages, by topic, for `?` and for `wf-tui help TOPIC`. They are Markdown; the page of the keys is made here."""

from __future__ import annotations

from importlib.resources import files

from tui_workflow.view.keys import DEFAULT, Keymap

TOPICS: dict[str, str] = {
    "flow": "The flow language",
    "values": "Templates, results, and what can be stored",
    "retry": "Failure, retry, resume, stale",
    "keys": "The keys of the dashboard",
    "cli": "The command line",
    "promises": "What holds after a crash, and what does not",
    "plugins": "Task types of your own",
}
"""Each topic with its title, in reading order."""


def page(topic: str, keys: Keymap = DEFAULT) -> str:
    """The Markdown text of a topic. Raises `KeyError` for one that does not exist."""
    if topic == "keys":
        return keys.markdown()
    if topic not in TOPICS:
        raise KeyError(topic)
    return (files("tui_workflow") / "help" / f"{topic}.md").read_text("utf-8")
