"""Colours by role: what a theme is, where themes come from, and whether their words can be read.

`ui` turns these tables into styles; nothing here draws. Contrast is that of WCAG 2.2 (relative luminance in sRGB).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_workflow.errors import Source, UsageError
from tui_workflow.flow.plainyaml import read_mapping

BACKGROUNDS = ("bg", "panel", "selected")
WORDS = ("text", "strong", "dim", "accent", "ok", "failed", "running", "retrying", "skipped", "stale")
"""Roles that colour words: each must reach `READABLE` on every background."""
SHAPES = ("rule", "track", "faint", "border", "pending", "ok_soft", "failed_soft", "running_soft")
"""Roles that draw lines, bars and cells, never words."""
TINTS = ("ok_tint", "failed_tint", "running_tint", "notice_tint")
ROLES = BACKGROUNDS + WORDS + SHAPES + TINTS
CODE = ("key", "string", "comment", "template")
READABLE = 4.5

BUILTIN = ("dark", "light", "contrast", "clear")
"""The themes whose colours stand in the repository's `themes/`."""

_PACKAGE = Path(__file__).parent.parent
_PLACES = (_PACKAGE / "_themes", _PACKAGE.parent / "themes")
"""Where they are once the package is installed, and in a checkout."""

_HEX = re.compile(r"#[0-9a-fA-F]{6}")


class InvalidTheme(UsageError):
    """A theme file does not give a colour to every role."""


@dataclass(frozen=True, slots=True)
class Theme:
    """`colours` gives each of `ROLES` a colour as #rrggbb; `code` does so for each kind of syntax."""

    name: str
    colours: Mapping[str, str]
    code: Mapping[str, str]

    @property
    def is_dark(self) -> bool:
        return luminance(self.colours["bg"]) < 0.5

    def colour(self, role: str) -> str:
        """The colour of a role; `code.key` and its like name a kind of syntax."""
        kind = role.removeprefix("code.")
        return self.colours[role] if kind == role else self.code[kind]


def theme_from(name: str, mapping: Mapping[str, Any], *, file: str | None = None) -> Theme:
    """A checked theme. `base: NAME` in the mapping takes what it leaves out from a built-in theme.

    Raises `InvalidTheme` naming everything that is wrong.
    """
    given = dict(mapping)
    base = given.pop("base", None)
    problems = []
    colours: dict[str, Any] = {}
    code: dict[str, Any] = {}
    if base is not None:
        if base in BUILTIN:
            start = load_builtin(base)
            colours, code = dict(start.colours), dict(start.code)
        else:
            problems.append(f"base: {base!r} is none of {', '.join(BUILTIN)}")
    own_code = given.pop("code", {})
    if not isinstance(own_code, dict):
        problems.append("code: not a mapping")
        own_code = {}
    colours.update(given)
    code.update(own_code)
    problems += _problems(colours, ROLES, "") + _problems(code, CODE, "code.")
    if problems:
        raise InvalidTheme(
            f"theme {name!r} cannot be used: " + "; ".join(problems),
            source=Source(file) if file else None,
            hint="Each role takes a colour such as \"#8fa8ff\"; 'base: dark' takes the others from a built-in theme.",
        )
    return Theme(name, colours, code)


def _problems(colours: Mapping[str, Any], roles: tuple[str, ...], prefix: str) -> list[str]:
    missing = [prefix + role for role in roles if role not in colours]
    problems = [f"no colour for {', '.join(missing)}"] if missing else []
    for role, colour in colours.items():
        if role not in roles:
            problems.append(f"{prefix}{role}: no such role")
        elif not isinstance(colour, str) or not _HEX.fullmatch(colour):
            problems.append(f"{prefix}{role}: {colour!r} is not a colour like #8fa8ff")
    return problems


def load_builtin(name: str) -> Theme:
    """One of the themes that come with the program, from the installed package or from a source checkout."""
    for place in _PLACES:
        path = place / f"{name}.yaml"
        if path.is_file():
            return theme_from(name, read_mapping(path.read_text("utf-8"), str(path)), file=str(path))
    raise InvalidTheme(f"the built-in theme {name!r} is not installed", hint="Install the package again.")


def user_folder() -> Path:
    """Where a person's own themes lie, one `NAME.yaml` each."""
    from platformdirs import user_config_path

    return user_config_path("wf-tui") / "themes"


def user_themes(folder: Path | None = None) -> tuple[str, ...]:
    """The names of the themes in the config folder, sorted."""
    place = folder or user_folder()
    return tuple(sorted(path.stem for path in place.glob("*.yaml"))) if place.is_dir() else ()


def load(name: str, folder: Path | None = None) -> Theme:
    """A theme by name: a person's own comes before a built-in one of that name. Raises `InvalidTheme`, `WfError`."""
    path = (folder or user_folder()) / f"{name}.yaml"
    if Path(name).name == name and path.is_file():
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeError) as problem:
            raise InvalidTheme(f"theme {name!r} cannot be read: {problem}", source=Source(str(path))) from None
        return theme_from(name, read_mapping(text, str(path)), file=str(path))
    if name in BUILTIN:
        return load_builtin(name)
    known = ", ".join((*BUILTIN, *user_themes(folder)))
    raise InvalidTheme(f"there is no theme {name!r}", hint=f"There are {known}; your own go to {path.parent}.")


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, 0 to 1."""
    red, green, blue = (_linear(int(colour[place : place + 2], 16) / 255) for place in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    dark, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


def unreadable(theme: Theme) -> list[tuple[str, str, float]]:
    """(role, background, contrast) of every word colour below `READABLE`; a person's own theme may choose so."""
    pairs = [(word, ground) for word in WORDS for ground in BACKGROUNDS]
    pairs += [(f"code.{kind}", ground) for kind in CODE for ground in BACKGROUNDS]
    measured = [(word, ground, contrast(theme.colour(word), theme.colour(ground))) for word, ground in pairs]
    return [entry for entry in measured if entry[2] < READABLE]
