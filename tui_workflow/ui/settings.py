"""A person's own settings of the screen: `config.yaml` in the config folder, and `WF_TUI_THEME`, which comes before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tui_workflow.errors import Source, UsageError, WfError


@dataclass(frozen=True, slots=True)
class Settings:
    """`theme` is a name, "" for the default; `ascii` takes ASCII signs everywhere; without `mouse` the terminal keeps it, and
    selects text by itself; `problem` says why a file does not hold.
    """

    theme: str = ""
    ascii: bool = False
    mouse: bool = True
    problem: str = ""


def load(environ: Mapping[str, str], folder: Path | None = None) -> Settings:
    """The settings that hold. A file that cannot be used is left out as a whole, and `problem` says why."""
    if folder is None:
        from platformdirs import user_config_path

        folder = user_config_path("wf-tui")
    path = folder / "config.yaml"
    settings = Settings()
    if path.is_file():
        from tui_workflow.flow.plainyaml import read_mapping

        try:
            settings = _checked(read_mapping(path.read_text("utf-8"), str(path)), str(path))
        except (WfError, OSError, UnicodeError) as problem:
            settings = Settings(problem=str(problem))
    theme = environ.get("WF_TUI_THEME")
    return replace(settings, theme=theme) if theme else settings


def _checked(given: Mapping[str, Any], file: str) -> Settings:
    kinds = {"theme": str, "ascii": bool, "mouse": bool}
    for name, value in given.items():
        if name not in kinds:
            raise UsageError(f"{name}: no such setting; there are {', '.join(kinds)}", source=Source(file))
        if not isinstance(value, kinds[name]):
            wanted = "the name of a theme" if name == "theme" else "true or false"
            raise UsageError(f"{name}: {value!r} is not {wanted}", source=Source(file))
    return Settings(**given)
