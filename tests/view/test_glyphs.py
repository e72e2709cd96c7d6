"""The signs of the screen."""

from __future__ import annotations

import unicodedata
from dataclasses import fields

import pytest
from rich.cells import cell_len

from tui_workflow.facts.events import StepStatus
from tui_workflow.facts.state import Item
from tui_workflow.help import page
from tui_workflow.view import legend
from tui_workflow.view.glyphs import ASCII, COLOURLESS, UNICODE, Glyphs, choose, plain_typography, speaks_unicode

SIGNS = [field.name for field in fields(Glyphs) if field.name != "ascii"]


@pytest.mark.parametrize("name", SIGNS)
def test_every_sign_is_one_column_in_both_tables(name: str) -> None:
    pretty, plain = getattr(UNICODE, name), getattr(ASCII, name)
    assert plain.isascii()
    assert len(pretty) == len(plain)
    assert all(cell_len(sign) == 1 for sign in pretty + plain)
    assert all(not 0x2800 <= ord(sign) <= 0x28FF for sign in pretty), "braille"
    assert all(unicodedata.east_asian_width(sign) not in "WF" for sign in pretty)


def test_no_sign_has_an_emoji_form() -> None:
    assert not set("✔✖▶◀⏸⚠▪▫◼◻↔↕") & set("".join(getattr(UNICODE, name) for name in SIGNS))


def test_every_state_has_its_sign_in_the_legend() -> None:
    signs = {sign for sign, _ in legend.rows(UNICODE)}
    assert {UNICODE.of_item(state) for state in Item} - {" "} <= signs
    steps: tuple[StepStatus, ...] = ("pending", "running", "succeeded", "failed", "skipped", "cancelled")
    assert {UNICODE.of_step(status) for status in steps} | {UNICODE.paused, UNICODE.stale} <= signs
    assert "| `≈` | `~` | stale: " in page("looks")


def test_states_of_items_and_steps() -> None:
    assert [UNICODE.of_item(state) for state in Item] == ["·", "✓", "✗", "⊘", "↻", " "]
    assert (ASCII.of_step("succeeded"), ASCII.of_step("cancelled"), ASCII.of_run("interrupted")) == ("+", "-", "=")


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"LANG": "de_DE.UTF-8"}, True),
        ({"LANG": "C.utf8"}, True),
        ({"LC_ALL": "POSIX", "LANG": "en_US.UTF-8"}, False),
        ({"LC_ALL": "", "LC_CTYPE": "C.UTF-8", "LANG": "C"}, True),
        ({"LANG": "de_DE.ISO-8859-1"}, False),
        ({}, False),
    ],
)
def test_the_locale_decides(environ: dict[str, str], expected: bool) -> None:
    assert speaks_unicode(environ) is expected
    assert choose(environ) is (UNICODE if expected else ASCII)


def test_without_colour_shapes_tell_states_apart() -> None:
    chosen = choose({"LANG": "C.UTF-8", "NO_COLOR": "1"})
    assert chosen is COLOURLESS
    assert (chosen.bar, chosen.map, chosen.spark) == (ASCII.bar, ASCII.map, ASCII.spark)
    assert chosen.ok == "✓"
    assert len(set(chosen.bar)) == 6
    assert choose({"LANG": "C.UTF-8"}, ascii_wanted=True) is ASCII


def test_typography_of_our_own_has_an_ascii_form() -> None:
    assert plain_typography("61\u00a0115 42–58 min 2 s × 2 r2 → r3 cut…") == "61 115 42-58 min 2 s x 2 r2 > r3 cut~"
