"""The reference pages, as Markdown that reads well as it is; the page of keys, and the signs, are made from their tables."""

from __future__ import annotations

from importlib.resources import files


def topics() -> dict[str, str]:
    """The pages by name with their titles, in the order of the alphabet."""
    found = {"keys": "The keys of the dashboard"}
    for entry in files(__name__).iterdir():
        if entry.name.endswith(".md"):
            first = entry.read_text(encoding="utf-8").split("\n", 1)[0]
            found[entry.name.removesuffix(".md")] = first.lstrip("# ").strip()
    return dict(sorted(found.items()))


def page(topic: str) -> str:
    """The text of a page. Raises KeyError for one that there is not."""
    if topic not in topics():
        raise KeyError(topic)
    if topic == "keys":
        from tui_workflow.view.keys import DEFAULT

        return DEFAULT.markdown()
    text = files(__name__).joinpath(f"{topic}.md").read_text(encoding="utf-8")
    if topic == "looks":
        from tui_workflow.view.legend import markdown

        return f"{text}\n{markdown()}"
    return text
