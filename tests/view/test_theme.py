"""Themes, contrast, and the tables for terminals without their colours."""

from __future__ import annotations

from colorsys import rgb_to_hsv
from pathlib import Path

import pytest

from tui_workflow.errors import WfError
from tui_workflow.view.palette16 import MONO, SIXTEEN
from tui_workflow.view.theme import (
    BUILTIN,
    CODE,
    ROLES,
    InvalidTheme,
    contrast,
    load,
    load_builtin,
    theme_from,
    unreadable,
    user_themes,
)


@pytest.mark.parametrize("name", BUILTIN)
def test_every_word_can_be_read_on_every_background(name: str) -> None:
    assert unreadable(load_builtin(name)) == []


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#ffffff", "#777777") == contrast("#777777", "#ffffff")


def hue(colour: str) -> float:
    return rgb_to_hsv(*(int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)))[0] * 360


@pytest.mark.parametrize("name", BUILTIN)
def test_no_state_shares_the_hue_of_the_keyboard(name: str) -> None:
    theme = load_builtin(name)
    for state in ("ok", "failed", "running", "retrying", "stale"):
        apart = abs(hue(theme.colours["accent"]) - hue(theme.colours[state]))
        assert min(apart, 360 - apart) > 10, state


def test_the_themes_are_complete_and_only_one_is_light() -> None:
    themes = [load_builtin(name) for name in BUILTIN]
    assert all(set(theme.colours) == set(ROLES) and set(theme.code) == set(CODE) for theme in themes)
    assert [theme.name for theme in themes if not theme.is_dark] == ["light"]
    assert themes[0].colour("accent") == "#8fa8ff"
    assert themes[0].colour("code.key") == "#9fb3c8"


def test_a_theme_of_ones_own_builds_on_another(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text('base: light\naccent: "#123456"\ncode: {key: "#654321"}\n')
    theme = load("mine", tmp_path)
    assert theme.colour("accent") == "#123456"
    assert theme.colour("code.key") == "#654321"
    assert theme.colour("bg") == load_builtin("light").colour("bg")
    assert user_themes(tmp_path) == ("mine",)


def test_a_broken_theme_says_everything_that_is_wrong() -> None:
    with pytest.raises(InvalidTheme) as caught:
        theme_from(
            "mine", {"base": "dark", "accent": "blue", "acent": "#ffffff", "code": {"key": 3}}, file="/x/mine.yaml"
        )
    message = str(caught.value)
    assert message.startswith("/x/mine.yaml")
    for part in ("accent: 'blue' is not a colour", "acent: no such role", "code.key: 3 is not"):
        assert part in message
    with pytest.raises(InvalidTheme, match="no colour for bg, panel"):
        theme_from("mine", {})
    with pytest.raises(InvalidTheme, match="none of dark"):
        theme_from("mine", {"base": "solarized"})


def test_an_unknown_theme_lists_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InvalidTheme) as caught:
        load("../dark", tmp_path)
    assert "dark, light, contrast, clear" in str(caught.value.hint)
    (tmp_path / "bad.yaml").write_text("a: [")
    with pytest.raises(WfError, match="not YAML"):
        load("bad", tmp_path)


@pytest.mark.parametrize("table", [SIXTEEN, MONO])
def test_every_role_has_a_look_without_colours(table: dict[str, object]) -> None:
    assert set(table) == {*ROLES, *(f"code.{kind}" for kind in CODE)}


def test_states_differ_in_sixteen_colours_and_colour_is_absent_without_any() -> None:
    states = ("ok", "failed", "running", "retrying", "stale", "accent")
    assert len({SIXTEEN[state].colour for state in states}) == len(states)
    assert not any(look.colour for look in MONO.values())
    assert SIXTEEN["selected"].reverse
    assert MONO["selected"].reverse
