"""Every size shows a whole frame, and resizing never breaks one."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ui.screen import opened
from tests.ui.simulate import Simulation
from tui_workflow.ui.widgets.canvas import Canvas


async def test_a_storm_of_resizes_ends_in_a_whole_frame() -> None:
    async with opened(Simulation(total=1000)) as screen:
        for width, height in ((200, 60), (40, 8), (99, 31), (70, 20), (1, 1), (120, 32), (10, 3), (80, 24)):
            await screen.pilot.resize_terminal(width, height)
            await screen.settle()
            strips = screen.app.screen.query_one(Canvas)._strips
            assert [strip.cell_length for strip in strips] == [width] * height
        assert "3 Failures" in screen.text


async def test_two_columns_at_120() -> None:
    async with opened(size=(120, 32)) as screen:
        lines = screen.lines
        assert "1 Steps" in lines[2]
        assert "2 process_chunks" in lines[2]
        assert any(line.strip().startswith("4 Log") for line in lines)
        assert any("Selected" in line for line in lines)


async def test_stacked_at_80() -> None:
    async with opened(size=(80, 24)) as screen:
        lines = screen.lines
        assert "1 Steps" in lines[1]
        assert "2 process_chunks" not in lines[1]
        assert lines[-2].strip().startswith("3 Failures")
        assert lines[-2].strip().endswith("4 Log")


async def test_breadcrumbs_at_80() -> None:
    async with opened(size=(80, 24)) as screen:
        text = await screen.press("3", "enter")
        assert "Failures › HTTPError 429" in text
        text = await screen.press("enter")
        assert "Failures › HTTPError 429 Client E" in text
        assert "… › doc-" in text


async def test_tabs_at_60() -> None:
    async with opened(size=(60, 16)) as screen:
        assert screen.lines[1].startswith(" 1 Steps  2 process_chunks  3 Failures")
        text = await screen.press("2")
        assert "61.1 %" in text
        text = await screen.press("3")
        assert "HTTPError" in text


def test_any_size_gives_exactly_its_rows_and_columns() -> None:
    from tui_workflow.view.columns import line_width
    from tui_workflow.view.glyphs import ASCII, UNICODE
    from tui_workflow.view.keys import DEFAULT
    from tui_workflow.view.nav import Nav, Pane
    from tui_workflow.view.page import draw
    from tui_workflow.view.sampling import Sampling
    from tui_workflow.view.scene import Scene

    runs = [Simulation(total=500), Simulation(total=500, hostile=True)]
    runs[1].succeed()

    @settings(max_examples=150, deadline=None)
    @given(
        st.integers(1, 220),
        st.integers(1, 70),
        st.sampled_from(list(Pane)),
        st.booleans(),
        st.integers(0, 1),
        st.booleans(),
    )
    def holds(width: int, height: int, pane: Pane, zoomed: bool, which: int, ascii_only: bool) -> None:
        run = runs[which]
        nav = Nav(pane=pane, step="process_chunks", zoomed=zoomed)
        lanes = {name: list(run.running(name)) for name in run.state.steps}
        keys = {("process_chunks", n): run.key("process_chunks", n) for n in range(500)}
        scene = Scene(
            run.state, nav, Sampling(), DEFAULT, ASCII if ascii_only else UNICODE, run.clock, lanes=lanes, keys=keys
        )
        frame = draw(scene, width, height)
        assert [line_width(line) for line in frame.lines] == [width] * height
        for y in range(height):
            for x in range(0, width, 7):
                frame.at(x, y)

    holds()
