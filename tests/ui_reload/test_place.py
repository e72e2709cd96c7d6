"""Where `e` opens the editor, and the page of a save that was not taken up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.ui.screen import Screen, opened
from tests.ui.simulate import DEFINITION, Simulation
from tests.ui_reload.plans import REFUSED
from tui_workflow.facts.state import Item
from tui_workflow.ui.place import Place, place
from tui_workflow.view.nav import Pane


class OnDisk(Simulation):
    """A simulated run whose flow and handlers are files."""

    folder: Path

    def definition(self) -> tuple[str, str]:
        return str(self.folder / "nightly.yaml"), DEFINITION


@pytest.fixture
def run(tmp_path: Path) -> OnDisk:
    found = OnDisk(total=1000)
    found.folder = tmp_path
    (tmp_path / "nightly.yaml").write_text(f"# a line above, since it was edited\n{DEFINITION}")
    (tmp_path / "fetch.py").write_text("\n" * 100)
    for group in found.state.steps["process_chunks"].groups:
        if group.where:
            group.where = (str(tmp_path / group.where[0].rsplit("/", 1)[-1]), group.where[1])
    return found


def named(screen: Screen) -> tuple[str, int, int]:
    found = place(screen.desk)
    return Path(found.file).name, found.line, found.column


async def test_a_step_opens_the_flow_where_it_begins_on_disk(run: OnDisk) -> None:
    async with opened(run) as screen:
        assert screen.desk.nav.step == "process_chunks"
        assert named(screen) == ("nightly.yaml", 6, 1)
        await screen.press("2")
        assert named(screen) == ("nightly.yaml", 6, 1)


async def test_a_group_and_its_items_open_the_line_that_failed(run: OnDisk) -> None:
    async with opened(run) as screen:
        await screen.press("3", "g")
        assert screen.desk.nav.pane == Pane.FAILURES
        assert named(screen) == ("fetch.py", 88, 1)
        await screen.press("enter")
        assert named(screen) == ("fetch.py", 88, 1)
        await screen.press("enter")
        assert named(screen) == ("fetch.py", 88, 1)


async def test_a_line_in_a_file_that_is_not_there_opens_the_step(run: OnDisk) -> None:
    (run.folder / "fetch.py").unlink()
    async with opened(run) as screen:
        await screen.press("3", "g")
        assert named(screen) == ("nightly.yaml", 6, 1)


@pytest.mark.parametrize(
    ("file", "line", "expected"),
    [
        ("<code of step process_chunks>", 2, ("nightly.yaml", 6, 1)),
        ("<code of step sum_up>", 2, ("nightly.yaml", 27, 1)),
        ("<code of step sum_up, on_progress>", 1, ("nightly.yaml", 29, 1)),
        ("<string>", 1, ("nightly.yaml", 6, 1)),
        ("fetch.py", 3, ("fetch.py", 3, 1)),
    ],
)
async def test_code_in_the_flow_opens_at_its_line(
    run: OnDisk, file: str, line: int, expected: tuple[str, int, int]
) -> None:
    more = "  sum_up:\n    inputs:\n      code: |\n        a = 1\n        b = a / 0\n      on_progress: |\n        def f(): pass\n"
    flow = run.folder / "nightly.yaml"
    flow.write_text(flow.read_text() + more)
    for group in run.state.steps["process_chunks"].groups:
        group.where = (file, line)
    async with opened(run) as screen:
        await screen.press("3", "g")
        assert named(screen) == expected


SHELL = """\
steps:
  process_chunks:
    type: shell
    for_each: [1]
    inputs:
      command: |
        exit 3
"""
CODE = SHELL.replace("shell", "python").replace("command: |\n        exit 3", 'code: "1/0"')


@pytest.mark.parametrize(("flow", "where"), [(SHELL, None), (CODE, ("<code of step process_chunks>", 1)), (CODE, None)])
async def test_what_failed_without_a_line_opens_at_what_the_step_runs(
    run: OnDisk, flow: str, where: tuple[str, int] | None
) -> None:
    (run.folder / "nightly.yaml").write_text(flow)
    for group in run.state.steps["process_chunks"].groups:
        group.where = where
    async with opened(run) as screen:
        assert named(screen) == ("nightly.yaml", 2, 1), "the step itself"
        await screen.press("3", "g")
        assert named(screen) == ("nightly.yaml", 6, 1)
        await screen.press("enter")
        assert named(screen) == ("nightly.yaml", 6, 1)
        items = screen.desk.nav.items
        assert items is not None
        items.item = next(n for n, state in enumerate(run.state.steps["process_chunks"].states) if state == Item.OK)
        assert named(screen) == ("nightly.yaml", 2, 1), "nothing is wrong with that one"


async def test_an_item_that_is_well_opens_its_step(run: OnDisk) -> None:
    async with opened(run) as screen:
        await screen.press("2", "g", "enter")
        items = screen.desk.nav.items
        assert items is not None
        items.item = next(n for n, state in enumerate(run.state.steps["process_chunks"].states) if state == Item.OK)
        assert named(screen) == ("nightly.yaml", 6, 1)


async def test_a_refused_save_goes_before_all_else(run: OnDisk) -> None:
    async with opened(run) as screen:
        await screen.press("3", "g", "enter")
        run.refused = REFUSED
        assert place(screen.desk) == Place(REFUSED.path, 15, 5)


async def test_the_definition_opens_at_the_line_that_is_read(run: OnDisk) -> None:
    async with opened(run) as screen:
        await screen.press("d", "g", "j", "j")
        assert named(screen) == ("nightly.yaml", 3, 1)


# the page of a refused save


async def test_problems_stand_at_their_lines_beside_the_run(run: OnDisk) -> None:
    run.refused = REFUSED
    async with opened(run) as screen:
        text = await screen.settle()
        assert "nightly.yaml not taken up, r2 goes on: " in text
        assert ", and 1 more" in text
        assert "e edit line 15   d definition   esc hide" in text
        await screen.press("d")
        lines = [line[48:].rstrip() for line in screen.lines]
        at = next(n for n, line in enumerate(lines) if "timeouts: 30" in line)
        assert lines[at].split()[:2] == ["▌", "15"]
        assert lines[at + 1].strip().endswith('^^^^^^^^ "timeouts" is not a key of a step')
        assert "did you mean timeout?   line 15, column 5" in lines[at + 2]
        below = next(n for n, line in enumerate(lines) if "handlr:" in line)
        assert '^^^^^^ "handlr" is not an input of python' in lines[below + 1]
        assert "did you mean handler?   line 20, column 7" in lines[below + 2]
        assert "1 Steps" in screen.text
        assert "3 Failures" in screen.text
        assert "4 Log" in screen.text
        assert "e edit line 15" in screen.footer
        assert "save not valid" in screen.footer


async def test_n_goes_from_problem_to_problem_and_v_to_the_text_in_use(run: OnDisk) -> None:
    run.refused = REFUSED
    async with opened(run) as screen:
        await screen.press("d")
        assert screen.desk.nav.definition_at == 14
        await screen.press("n")
        assert screen.desk.nav.definition_at == 19
        await screen.press("n")
        assert screen.desk.nav.definition_at == 14
        text = await screen.press("v")
        assert "r2 in use" in text
        assert "timeouts" not in text.partition("Definition")[2]
        text = await screen.press("v")
        assert "timeouts" in text
        assert screen.desk.nav.definition_at == 14


async def test_it_all_goes_when_a_valid_save_comes(run: OnDisk) -> None:
    run.refused = REFUSED
    async with opened(run) as screen:
        await screen.press("d")
        run.refused = None
        screen.app._tick()
        text = await screen.settle()
        assert "not taken up" not in text
        assert "timeouts" not in text.partition("Definition")[2]
        assert "in use" in text
        assert "nightly.yaml is as it was before: r2 goes on" in screen.footer


async def test_a_second_refused_save_shows_its_banner_again(run: OnDisk) -> None:
    run.refused = REFUSED
    async with opened(run) as screen:
        assert "not taken up" not in await screen.press("escape")
        run.refused = replace(REFUSED, saved=REFUSED.saved + 5)
        assert "not taken up" in await screen.settle()


async def test_p_while_a_save_is_refused_says_where_to_go(run: OnDisk) -> None:
    run.refused = REFUSED
    async with opened(run) as screen:
        await screen.press("P")
        assert "the save was not taken up   e edit line 15" in screen.footer


@pytest.mark.parametrize("size", [(120, 32), (100, 24), (80, 24), (60, 16), (40, 10)])
async def test_the_page_fits_every_screen(run: OnDisk, size: tuple[int, int]) -> None:
    run.refused = REFUSED
    async with opened(run, size=size) as screen:
        await screen.press("d")
        assert len(screen.lines) == size[1]
        assert all(len(line) <= size[0] for line in screen.lines)
        assert "timeouts: 30" in screen.text


async def test_a_handler_file_is_shown_as_it_is(run: OnDisk) -> None:
    bad = "def work(item:\n    return '[red]{{ x }}'\n"
    run.refused = replace(
        REFUSED, path="/f/handlers.py", line=1, column=9, text=bad, lines=(1,), count=1, message="invalid syntax", hint="", marks=()
    )  # fmt: skip
    async with opened(run) as screen:
        text = await screen.press("d")
        assert "Definition  handlers.py, not in use, saved" in text
        assert "return '[red]{{ x }}'" in text
        assert "^" in text
        assert "invalid syntax" in text


async def test_an_item_says_which_revision_made_which_attempt(run: OnDisk) -> None:
    async with opened(run) as screen:
        text = await screen.press("3", "g", "enter", "enter")
        row = next(line for line in text.split("\n") if "attempts" in line and "✗" in line)
        assert " r1 " in row or " r2 " in row


async def test_nothing_can_be_lent_without_a_terminal(run: OnDisk) -> None:
    async with opened(run, environ={"EDITOR": "true", "LANG": "C.UTF-8"}) as screen:
        await screen.press("e")
        assert "This terminal cannot be lent to an editor" in screen.footer
        assert "1 Steps" in await screen.press("1")
