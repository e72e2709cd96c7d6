"""The reload plan: what it says, at every size, and what its keys do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.ui.screen import opened
from tests.ui.simulate import NOW, Simulation, http_error
from tests.ui_reload.plans import HELD, PLAN, REFUSED, edited
from tui_workflow.facts import commands as cm
from tui_workflow.facts import events as ev
from tui_workflow.facts.outcome import Ended
from tui_workflow.facts.state import Item
from tui_workflow.text import GROUP
from tui_workflow.ui.screens.question import Question
from tui_workflow.view.glyphs import ASCII, UNICODE, Glyphs
from tui_workflow.view.line import plain
from tui_workflow.view.numbers import clock
from tui_workflow.view.panes import plan as pane
from tui_workflow.view.panes import textdiff
from tui_workflow.view.ports import Edit, EditedFile, ReloadPlan

LONG = "cat " + "one-more-file.json " * 200 + "of the list"


def shown(plan: ReloadPlan = PLAN, width: int = 86, height: int = 30, glyphs: Glyphs = UNICODE) -> list[str]:
    rows = pane.rows(plan, edited().state, {"process_chunks": 8, "fetch_images": 3}, width, height, glyphs)
    return [plain(row.line).replace(GROUP, " ").rstrip() for row in rows]


def test_the_plan_is_as_in_the_picture() -> None:
    assert shown() == [
        "In force  for every item that starts from now             done    failed   not started",
        "~ process_chunks   timeout   30 s → 90 s                60 735       380        38 877",
        "                   fetch.py  +4 −1              ≈ 60 735 stale      kept        use r3",
        "",
        "Waits for enter  3 edits of the structure, or of what depends on it",
        "+ thumbnails       new, after fetch_images",
        "~ publish          needs  build_index → build_index, thumbnails",
        "− track_progress   removed, it has not run",
        "",
        "6 other steps are unchanged. The 11 items in flight finish with what they began with.",
    ]


@pytest.mark.parametrize(
    ("width", "counts"),
    [
        (76, ["  60 735 done, ≈ 60 735 stale  380 failed, kept  38 877 not started, use r3"]),
        (50, ["  60 735 done, ≈ 60 735 stale", "  380 failed, kept", "  38 877 not started, use r3"]),
    ],
)
def test_a_narrow_plan_has_its_counts_below(width: int, counts: list[str]) -> None:
    found = shown(width=width)
    assert found[3 : 3 + len(counts)] == counts
    assert all(len(line) <= width for line in found)


@pytest.mark.parametrize(
    ("edit", "line"),
    [
        (Edit("publish", "changed", "memory", "", "536870912"), "~ publish   memory   not set → 512 MiB"),
        (Edit("publish", "changed", "if", "a", ""), "~ publish   if       a → not set"),
        (Edit("publish", "changed", "inputs.command", "a\n b", "c"), "~ publish   command  a b → c"),
        (Edit("publish", "changed", "inputs.code", "[red]x[/]", "\x1b[2J"), r"~ publish   code     [red]x[/] → \x1b[2J"),
        (Edit("publish", "changed", "inputs.command", f"{LONG} -o x", f"{LONG} -o y"), "~ publish   command  …list -o x → …list -o y"),
        (Edit("publish", "changed", "inputs.code", "if x:\n  y", "if x:\ny"), r"~ publish   code     if x:\n  y → if x:\ny"),
        (Edit("", "changed", "params.n", "1", "2", "holds from the next run on"), "~ the flow   params.n  1 → 2  holds from the next run on"),
    ],
)  # fmt: skip
def test_edits_say_from_what_to_what(edit: Edit, line: str) -> None:
    found = shown(replace(PLAN, in_force=(edit,), files=(), waiting=()))
    assert " ".join(found[1].split()).startswith(" ".join(line.split()))


@pytest.mark.parametrize(
    ("again", "width", "told"),
    [
        (0, 86, "≈ 608 stale"),
        (12, 86, "≈ 596 stale"),
        (596, 86, "≈ 12 stale"),
        (608, 86, "kept"),
        (12, 60, "608 done, ≈ 596 stale"),
        (608, 60, "608 done, kept"),
    ],
)
def test_the_plan_counts_what_is_stale(again: int, width: int, told: str) -> None:
    run = edited(total=1000)
    step = run.state.steps["process_chunks"]
    done = [item for item, state in enumerate(step.states) if state == Item.OK]
    run.end("process_chunks", NOW - 30, [(item, Ended.OK, 2, 0.1, None) for item in done[:again]], revision=3)
    assert step.stale == len(done) - again
    text = "\n".join(plain(row.line) for row in pane.rows(PLAN, run.state, {}, width, 30, UNICODE))
    assert f" {told} " in text.replace(GROUP, " ").replace("\n", " ")
    assert ("stale" in text) == (again < len(done))


def test_a_million_stale_items_are_told_by_their_number_alone() -> None:
    run = edited(total=1000)
    step = run.state.steps["process_chunks"]
    step.succeeded = step.stale = 1_093_223
    text = "\n".join(plain(row.line) for row in pane.rows(PLAN, run.state, {}, 86, 30, UNICODE)).replace(GROUP, " ")
    assert " ≈ 1 093 223 " in text


def test_a_file_that_changes_no_step_says_so() -> None:
    found = shown(replace(PLAN, in_force=(), files=(EditedFile("/f/notes.py", 3, 0),)))
    assert "~ notes.py" in found[1]
    assert "+3 −0  no step's code differs" in found[1]


def test_what_was_accepted_is_in_force_by_what_it_was() -> None:
    found = shown(replace(PLAN, in_force=PLAN.in_force + PLAN.waiting, waiting=()))
    text = "\n".join(found)
    assert "Waits" not in text
    assert "+ thumbnails       new, after fetch_images" in text
    assert "− track_progress   removed" in text


def test_many_edits_are_cut_and_say_so() -> None:
    many = tuple(Edit(f"step_{n}", "added", note="first") for n in range(40))
    found = shown(replace(PLAN, waiting=many), height=20)
    assert len(found) <= 20
    assert any("more rows, the text diff has them all" in line for line in found)


def test_the_ascii_plan_has_no_other_signs() -> None:
    assert all(line.isascii() for line in shown(glyphs=ASCII) if "−" not in line and "→" not in line)
    assert "~ 60 735 stale" in "\n".join(shown(glyphs=ASCII))


def test_the_text_diff_is_data_as_diff_writes_it() -> None:
    lines = [
        "--- a/a.yaml",
        "+++ b/a.yaml",
        "@@ -1,3 +1,3 @@",
        "--- x",
        "-b",
        "+++ y",
        "+ [red]x[/] \x1b[2J",
        " c",
        "--- a/h.py",
    ]
    found = textdiff.rows(lines, 0, 80, 10)
    assert [plain(row.line) for row in found] == [*lines[:6], r"+ [red]x[/] \x1b[2J", *lines[7:]]
    assert [row.fill for row in found] == ["", "", "", *["failed_tint"] * 2, *["ok_tint"] * 2, "", ""]
    assert [found[place].line[0].bold for place in (0, 1, 3, 5, 8)] == [True, True, False, False, True]
    assert textdiff.rows(lines, 3, 80, 2) == found[3:5]
    assert "the same" in plain(textdiff.rows((), 0, 80, 3)[0].line)


@pytest.mark.parametrize("keys", [["P", "y"], ["P", "d", "y"]])
async def test_the_text_diff_is_copied(keys: list[str]) -> None:
    async with opened(edited()) as screen:
        copied: list[str] = []
        screen.desk.copy_out = copied.append
        await screen.press(*keys)
        assert copied == ["".join(f"{line}\n" for line in PLAN.text)]
        assert "Copied the text diff" in screen.footer
        assert len(screen.desk.dialogs) == 1


# keys


async def pressed(*keys: str, plan: ReloadPlan = PLAN) -> Simulation:
    run = edited(plan=plan)
    async with opened(run) as screen:
        await screen.press("P", *keys)
        assert not screen.desk.dialogs
    return run


@pytest.mark.parametrize(
    ("keys", "sent"),
    [
        (["enter"], [cm.TakeUp()]),
        (["f"], [cm.TakeUp("failed")]),
        (["down", "enter"], [cm.TakeUp("failed")]),
        (["j", "j", "enter", "enter"], [cm.TakeUp("stale")]),
        (["s", "enter"], [cm.TakeUp("stale")]),
        (["s", "escape"], []),
        (["b"], [cm.GoBack()]),
        (["escape"], []),
        (["d", "escape", "escape"], []),
        (["d", "d", "enter"], [cm.TakeUp()]),
        (["d", "f", "escape", "escape"], []),
        (["e"], []),
    ],
)
async def test_each_key_of_the_plan(keys: list[str], sent: list[cm.Command]) -> None:
    assert (await pressed(*keys)).sent == sent


async def test_with_nothing_waiting_enter_closes() -> None:
    run = edited(plan=HELD)
    async with opened(run) as screen:
        text = await screen.press("P")
        assert "enter  close" in text
        assert "all of it is in force already" in text
        assert "run the stale again" in text
        await screen.press("enter")
        assert not screen.desk.dialogs
        assert run.sent == []


@pytest.mark.parametrize("key", ["r", "R", "C", "p", "x", "X", "q", "1", "z", "A", "H", "slash", "space", "y", "P"])
async def test_an_open_plan_owns_its_keys(key: str) -> None:
    run = edited()
    async with opened(run) as screen:
        await screen.press("P", key)
        assert len(screen.desk.dialogs) == 1
        assert "Waits for enter" in screen.text
        assert run.sent == []
        assert screen.left is None


async def test_ctrl_c_still_leaves() -> None:
    async with opened(edited()) as screen:
        text = await screen.press("P", "ctrl+c")
        assert "Leave process-dataset?" in text


async def test_the_plan_names_what_is_asked_before_the_stale_run() -> None:
    run = edited()
    async with opened(run) as screen:
        text = await screen.press("P")
        assert "60 735 items, about" in text
        assert "asks first" in text
        text = await screen.press("s")
        assert "60 735 items" in text
        assert "of process_chunks again?" in text
        question = screen.desk.dialogs[-1]
        assert isinstance(question, Question)
        assert question.words.endswith("3 edits that wait are accepted. build_index and publish run again.")
        assert run.sent == []


async def test_the_text_diff_scrolls() -> None:
    long = replace(PLAN, text=tuple(f"+line {n}" for n in range(100)))
    async with opened(edited(plan=long)) as screen:
        text = await screen.press("P", "d")
        assert "+line 0 " in text
        assert "more below" in text
        text = await screen.press("j", "j")
        assert "+line 1 " not in text
        assert "+line 2 " in text
        assert "+line 99" in await screen.press("G")
        assert "more below" not in screen.text
        assert "+line 0 " in await screen.press("g")


async def test_a_later_save_is_shown_in_the_open_plan() -> None:
    run = edited()
    async with opened(run) as screen:
        await screen.press("P")
        run.plan = replace(PLAN, before=3, after=4, waiting=PLAN.waiting[:1])
        text = await screen.settle()
        assert "r3 → r4" in text
        assert "accept the edit" in text


@pytest.mark.parametrize("size", [(120, 32), (80, 24), (60, 16), (40, 10), (200, 60)])
async def test_the_plan_fits_every_screen(size: tuple[int, int]) -> None:
    async with opened(edited(), size=size) as screen:
        text = await screen.press("P")
        assert all(len(line) <= size[0] for line in screen.lines)
        assert len(screen.lines) == size[1]
        assert "esc close, changes nothing" in text
        assert "accept the 3 edits" in text
        text = await screen.press("d")
        assert "back to the plan" in text
        assert "y copy it" in text


@pytest.mark.parametrize("size", [(120, 32), (80, 24), (60, 16)])
async def test_the_plan_before_a_refused_save_says_that_it_is_that(size: tuple[int, int]) -> None:
    run = edited()
    run.refused = REFUSED
    async with opened(run, size=size) as screen:
        await screen.press("P")
        assert f"The save at {clock(REFUSED.saved)} was not taken up" in screen.text
        assert "nightly.yaml:15:5" in screen.text
        assert "Below is the plan before it, r2 → r3." in screen.text
        if size[1] >= 24:
            assert ", and 1 more" in screen.text
        assert "e edit line 15" in screen.text
        assert "esc close, changes nothing" in screen.text
        assert "was not taken up" in await screen.press("d")
        run.refused = None
        assert "was not taken up" not in await screen.settle()


async def test_without_an_edit_p_says_so() -> None:
    async with opened() as screen:
        await screen.press("P")
        assert "No edit has been saved since this began" in screen.footer


async def test_what_waits_stands_in_the_footer_and_the_revision_in_the_header() -> None:
    run = Simulation(total=1000)
    async with opened(run) as screen:
        later = edited(total=1000)
        run.state, run.plan = later.state, PLAN
        screen.app._tick()
        await screen.settle()
        assert "r3 holds for items that start from now. 3 edits wait. 608 results are stale   P plan" in screen.footer
        await screen.press("j")
        assert "r3: 3 edits wait   P plan" in screen.footer
        assert "process-dataset r3" in screen.lines[0]


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        ((), ""),
        (("nightly.yaml",), " nightly.yaml still has the edit."),
        (("nightly.yaml", "fetch.py"), " nightly.yaml and fetch.py still have the edit."),
        (("nightly.yaml", "fetch.py", "x.py"), " nightly.yaml and 2 other files still have the edit."),
    ],
)
async def test_after_going_back_the_footer_says_what_the_files_say(ahead: tuple[str, ...], words: str) -> None:
    run = Simulation(total=1000)
    async with opened(run, size=(160, 32)) as screen:
        run.state = edited(total=1000).state
        run.plan = replace(HELD, again=1, ahead=ahead)
        screen.app._tick()
        await screen.settle()
        assert f"r1 holds again as r3, for items that start from now.{words} 608 results" in screen.footer


async def test_the_definition_says_that_not_all_of_it_is_in_use() -> None:
    async with opened(edited()) as screen:
        assert "nightly.yaml, r3 in use but for 3 edits that wait" in await screen.press("d")


async def test_stale_stands_wherever_it_matters() -> None:
    run = edited(total=1000)
    stale = run.state.steps["process_chunks"].stale
    assert stale > 500
    async with opened(run) as screen:
        tree = next(line for line in screen.lines if "● process_chunks" in line)
        assert f"≈ {stale}" in tree[:46]
        assert f"≈ {stale} stale" in screen.text


async def test_capital_s_runs_the_stale_after_a_question() -> None:
    run = edited(total=1000)
    async with opened(run) as screen:
        text = await screen.press("S")
        assert "of process_chunks again?" in text
        await screen.press("escape")
        assert run.sent == []
        await screen.press("S", "enter")
        assert run.sent == [cm.TakeUp("stale")]


async def test_capital_s_without_anything_stale_says_so() -> None:
    async with opened() as screen:
        await screen.press("S")
        assert "Nothing is stale" in screen.footer


# the failures in front


async def test_the_plan_retries_the_selected_failures_and_accepts_what_waits_first() -> None:
    run = edited(total=10_000)
    group = run.state.steps["process_chunks"].groups[0]
    count = group.count
    async with opened(run) as screen:
        text = await screen.press("3", "P")
        line = next(line for line in text.split("\n") if "run the selected again" in line)
        assert f"r      accept, and run the selected again   {count} items, HTTPError" in line
        text = await screen.press("r")
        assert f"Retry {count} items of process_chunks with HTTPError?" in text
        assert "3 edits that wait are accepted." in text
        await screen.press("escape")
        assert run.sent == []
        items = run.failed_of(group)
        await screen.press("P", "r", "enter")
        assert run.sent == [cm.TakeUp(), cm.RetryItems("process_chunks", items)]


async def test_one_of_the_selected_failures_goes_first_from_the_plan_too() -> None:
    run = edited(total=10_000, plan=HELD)
    first = sorted(n for n, own in run.state.steps["process_chunks"].failures.items() if own == 0)[0]
    async with opened(run) as screen:
        text = await screen.press("3", "P", "r")
        assert "accepted" not in text
        await screen.press("C")
        assert run.sent == [cm.RetryItems("process_chunks", (first,), None)]


@pytest.mark.parametrize(
    ("keys", "plan"),
    [(["1"], PLAN), (["3"], replace(PLAN, in_force=(Edit("publish", "changed", "timeout", "1", "2"),), files=()))],
)
async def test_the_plan_offers_no_failures_that_are_not_in_front_or_not_of_an_edited_step(
    keys: list[str], plan: ReloadPlan
) -> None:
    run = edited(plan=plan)
    async with opened(run) as screen:
        assert "the selected" not in await screen.press(*keys, "P")
        await screen.press("r")
        assert "No failures of a step that was edited are selected" in screen.footer
        assert run.sent == []


async def test_the_banner_names_the_keys_that_try_what_may_be_mended() -> None:
    run = edited(total=10_000, plan=HELD)
    group = run.state.steps["process_chunks"].groups[0]
    count = group.count
    async with opened(run) as screen:
        assert "edited" not in screen.text
        text = await screen.press("3")
        assert "process_chunks and fetch.py were edited.  HTTPError is older than that." in text.split("\n")[1]
        assert f"C try one of {count}   r retry {count}   esc hide" in text.split("\n")[1]
        await screen.press("enter")
        assert "These items failed before that." in screen.lines[1]
        assert "C try one first" in screen.lines[1]
        await screen.press("escape", "space")
        assert "edited" not in screen.text
        items = run.failed_of(group)
        await screen.press("space", "r", "enter")
        assert run.sent == [cm.RetryItems("process_chunks", items)]
        again = [n for n, state in enumerate(run.state.steps["process_chunks"].states) if not state][:count]
        run.clock = NOW + 60
        run.end("process_chunks", run.clock, [(n, Ended.FAILED, 4, 0.9, http_error(n)) for n in again], revision=3)
        await screen.press("k", "k")
        assert screen.desk.nav.group.endswith(group.fingerprint)
        assert "edited" not in screen.text


async def test_the_banner_says_what_was_edited_and_why_that_matters_where_it_is_narrow() -> None:
    run = edited(total=10_000, plan=replace(HELD, in_force=()))
    async with opened(run, (80, 24)) as screen:
        await screen.press("3")
        assert "fetch.py was edited after HTTPError." in screen.lines[1]
        assert "C try one of" in screen.lines[1]
        assert "r retry" in screen.lines[1]


async def test_the_banner_names_only_the_file_where_only_that_was_edited() -> None:
    follows = Edit("process_chunks", "changed", "code")
    async with opened(edited(total=10_000, plan=replace(HELD, in_force=(follows,)))) as screen:
        text = await screen.press("3")
        assert "fetch.py was edited.  HTTPError is older than that." in text.split("\n")[1]
        assert "process_chunks" not in text.split("\n")[1]


async def test_no_banner_tells_of_an_edit_when_items_failed_after_it_too() -> None:
    run = edited(total=10_000, plan=HELD)
    step = run.state.steps["process_chunks"]
    async with opened(run) as screen:
        await screen.press("3")
        begun = [number for number, state in enumerate(step.states) if not state]
        late = [(begun[0], Ended.FAILED, 4, 0.9, http_error(begun[0]))]
        run.end("process_chunks", NOW + 1, late, revision=2, definition=step.definitions[0])
        assert "HTTPError is older than that." in await screen.settle()
        run.end("process_chunks", NOW + 2, [(begun[1], Ended.FAILED, 4, 0.9, http_error(begun[1]))], revision=3)
        assert "edited" not in await screen.settle()


async def test_the_banner_of_what_may_be_mended_is_closed_until_the_next_edit() -> None:
    run = edited(total=10_000, plan=HELD)
    run.succeed()
    async with opened(run) as screen:
        assert "were edited" in screen.text
        assert "tolerated them" in await screen.press("escape")
        await screen.press("escape")
        assert "This is the first page" in screen.footer
        run.tell(ev.RevisionTaken(NOW, 4, tuple(step.shape for step in run.state.steps.values())))
        assert "were edited" in await screen.settle()


async def test_clicks_in_the_plan() -> None:
    run = edited()
    async with opened(run) as screen:
        await screen.press("P")
        await screen.click("text diff")
        assert "timeout: 90" in screen.text
        await screen.click("back to the plan")
        await screen.click("accept, and run the failed")
        assert run.sent == [cm.TakeUp("failed")]


async def test_the_plan_says_what_reads_a_step_that_gets_other_items() -> None:
    run = edited()
    waiting = (Edit("process_chunks", "changed", "for_each", "old", "new"),)
    run.plan = replace(PLAN, waiting=waiting)
    async with opened(run) as screen:
        text = await screen.press("P")
        assert "2 steps that read it run again" in text
        assert "nothing that is done" not in text


async def test_the_plan_of_a_step_under_another_name_says_what_counts_no_more() -> None:
    waiting = (Edit("download", "added", note="after prepare_chunks"), Edit("process_chunks", "removed"))
    run = edited(total=10_000, plan=replace(PLAN, in_force=(), files=(), waiting=waiting))
    done = run.state.steps["process_chunks"].done
    assert run.state.failed == run.state.steps["process_chunks"].failed
    async with opened(run) as screen:
        text = await screen.press("P")
        assert f"{done:,} items done before count no more, new steps begin at 0".replace(",", " ", 1) in text
        assert "nothing that is done runs again" not in text
        assert "run the failed again" not in text, "they go with their step"
        assert "The 3 items in flight finish" in text, "of the step that stays"
        assert "No item has failed of a step that stays" in await screen.press("f")
        assert run.sent == []
