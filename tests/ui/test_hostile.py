"""Data is shown, never obeyed: markup, escapes, wide and invisible characters on every page and at every size."""

from __future__ import annotations

import re

import pytest
from textual import events
from textual.strip import Strip

from tests.ui.screen import opened
from tests.ui.simulate import HOSTILE, Simulation
from tui_workflow.ui.widgets.canvas import Canvas

PAGES = (
    (),
    ("3",),
    ("3", "enter"),
    ("3", "enter", "enter"),
    ("2", "enter"),
    ("4",),
    ("4", "w"),
    ("4", "z"),
    ("d",),
    ("H",),
    ("question_mark",),
    ("colon",),
    ("q",),
    ("3", "enter", "s"),
    ("3", "r"),
    ("3", "enter", "Y"),
)


@pytest.mark.parametrize("size", [(120, 32), (80, 24), (60, 16)])
async def test_no_escape_and_no_control_character_reaches_the_screen(size: tuple[int, int]) -> None:
    for keys in PAGES:
        async with opened(Simulation(total=300, hostile=True), size=size) as screen:
            text = await screen.press(*keys)
            assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]", text), keys
            assert not re.search(r"[\u0300-\u036f]{9}", text), keys
            strips: list[Strip] = screen.app.screen.query_one(Canvas)._strips
            assert [strip.cell_length for strip in strips] == [size[0]] * size[1], keys
            assert all(segment.style is None or not segment.style.meta for strip in strips for segment in strip)
            assert all(segment.style is None or segment.style.link is None for strip in strips for segment in strip)


async def test_markup_is_literal_and_a_click_on_it_does_nothing() -> None:
    run = Simulation(total=300, hostile=True)
    async with opened(run) as screen:
        for number in range(30):
            run.say(run.clock, "process_chunks", number, HOSTILE[number % 5])
        text = await screen.settle()
        for hostile in HOSTILE[:5]:
            assert hostile in text
        await screen.click("[@click=app.quit]x[/]")
        assert screen.left is None
        assert screen.app.is_running


async def test_escapes_are_written_out() -> None:
    run = Simulation(total=300, hostile=True)
    async with opened(run) as screen:
        text = await screen.settle()
        assert "[b]flow[/b]\\x1b[2J" in text
        run.say(run.clock, "process_chunks", 1, HOSTILE[5])
        assert "\\x1b[2J\\x1b]52;c;aGk=\\x07" in await screen.settle()


async def test_pasted_escapes_stay_text() -> None:
    async with opened() as screen:
        await screen.press("slash")
        screen.app.post_message(events.Paste("\x1b[2Jabc\nsecond line"))
        await screen.pilot.pause()
        text = await screen.settle()
        assert "/\\x1b[2Jabc" in text
        assert "second line" not in text
