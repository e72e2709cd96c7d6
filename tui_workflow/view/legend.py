"""What the signs and the short words of the screen mean: for the help on the screen, and for the page about looks."""

from __future__ import annotations

from tui_workflow.view.glyphs import ASCII, UNICODE, Glyphs

SIGNS: tuple[tuple[str, str], ...] = (
    ("ok", "done"),
    ("failed", "failed; in the header: how many items are failed now"),
    ("running", "running"),
    ("retrying", "waits for its next attempt"),
    ("pending", "has not started"),
    ("skipped", "skipped, or cancelled since a step before it failed"),
    (
        "stale",
        "stale: done and kept, but made by a flow, or of results, that have changed since; it runs again only when asked for",
    ),
    ("paused", "paused, or interrupted and to be resumed"),
    ("mark", "marked; in the footer: an answer"),
    ("folded", "folded, opened by a key"),
)
"""By the name of a sign in `Glyphs`, its meaning. A sign that stands for two things has one row."""
WORDS: tuple[tuple[str, str], ...] = (
    ("r1 r2", "the revision: how often the flow or a handler has been saved and taken up in this run; r1 is the first"),
    ("p50 p95", "half of the attempts, and 95 of 100, took no longer than this"),
    (
        "ETA",
        "when the steps that run now end, at the pace of now; +2: so many steps have not started yet",
    ),
    ("slots", "items that a step runs at once, by its parallel"),
)
MAP = "In the map of a step a cell is an item or several: the higher it stands, the more of them failed."


def rows(glyphs: Glyphs) -> list[tuple[str, str]]:
    """Each sign or word with its meaning."""
    return [*((str(getattr(glyphs, name)), meaning) for name, meaning in SIGNS), *WORDS]


def markdown() -> str:
    """The same for the reference pages, with the signs of terminals that show ASCII only."""
    parts = ["## Signs", "", "| sign | ASCII | means |", "|---|---|---|"]
    parts += [f"| `{getattr(UNICODE, name)}` | `{getattr(ASCII, name)}` | {meaning} |" for name, meaning in SIGNS]
    parts += [f"| {word} | | {meaning} |" for word, meaning in WORDS]
    return "\n".join([*parts, "", MAP, ""])
