from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.workers.bench import Engine, error, items, log, processes_of, program, run_items, run_one, value
from tui_workflow.facts.work import Refused
from tui_workflow.workers.pool import Pool


def shell(folder: Path, command: Any, **changes: Any) -> Any:
    inputs = {"command": command, **changes.pop("inputs", {})}
    return program(folder, type="shell", inputs=inputs, **changes)


HOSTILE = [
    "; touch pwn", "$(touch pwn)", "`touch pwn`", "'\"'\"", "a\nb", "-rf", "*", "~", "  two  spaces ", "\\n%s",
    "${HOME}", "ends with newline\n", "ünïcödé ∀", "x" * 200_000, "y" * 200_000 + "\n\n", "",
]  # fmt: skip


@pytest.mark.parametrize(
    "command",
    [
        "printf %s {{ item }}",
        'printf %s "{{ item }}"',
        'printf %s "$(printf %s {{ item }}; printf x)" | head -c -1',
        "head -c -1 <<EOF\n{{ item }}\nEOF\n",
        'if [ -n "$WF_ITEM_FILE" ]; then cat "$WF_ITEM_FILE"; else printf %s "$WF_ITEM"; fi',
        ["printf", "%s", "{{ item }}"],
    ],
)
async def test_a_value_is_data_in_every_place(pool: Pool, tmp_path: Path, command: Any) -> None:
    given = [text for text in HOSTILE if len(text) < 100_000 or not isinstance(command, list)]
    if isinstance(command, list):
        given = [text for text in given if text != "-rf"]
    before = sorted(os.listdir(tmp_path))
    worker = await pool.acquire()
    outcomes = await run_items(worker, shell(tmp_path, command), given)
    for number, text in enumerate(given):
        assert value(outcomes[number])["stdout"] == text
    assert sorted(os.listdir(tmp_path)) == before


async def test_a_word_too_long_for_the_system_is_the_items_error(pool: Pool, tmp_path: Path) -> None:
    """A list of words needs each of them as an argument, of which Linux takes 128 kB; a shell's command takes any length."""
    worker = await pool.acquire()
    outcomes = await run_items(worker, shell(tmp_path, ["printf", "%s", "{{ item }}"]), ["x" * 200_000, "short"])
    assert "too long" in error(outcomes[0]).message
    assert value(outcomes[1])["stdout"] == "short"


async def test_nul_is_the_items_error(pool: Pool, tmp_path: Path) -> None:
    found = error(await run_one(pool, shell(tmp_path, "printf %s {{ item }}"), "a\0b"))
    assert "NUL" in found.message


async def test_a_template_in_single_quotes_is_refused(pool: Pool, tmp_path: Path) -> None:
    worker = await pool.acquire()
    with pytest.raises(Refused, match="single quotes"):
        await worker.program(shell(tmp_path, "echo '{{ item }}'"), Engine())


async def test_exit_codes(pool: Pool, tmp_path: Path) -> None:
    worker = await pool.acquire()
    outcomes = await run_items(
        worker, shell(tmp_path, "echo broken >&2; exit {{ item }}", inputs={"ok_codes": [0, 3]}), [0, 3, 75]
    )
    assert [value(outcomes[n])["returncode"] for n in (0, 1)] == [0, 3]
    found = error(outcomes[2])
    assert (found.type, found.mro) == ("ExitCode", ("ExitCode", "exit:75", "Exception", *found.mro[3:]))
    assert "75" in found.message
    assert "broken" in found.message
    assert log(outcomes[2]) == ["broken"]


async def test_commands_are_told_apart_by_their_codes_and_by_what_they_say(pool: Pool, tmp_path: Path) -> None:
    command = (
        "case {{ item }} in a*) echo no file {{ item }} >&2; exit 22 ;; b*) echo timed out after 4{{ item }}7 ms >&2; exit 28 ;; "
        "c*) exit 3 ;; d*) exit 4 ;; e*) kill -TERM $$ ;; esac"
    )
    worker = await pool.acquire()
    outcomes = await run_items(worker, shell(tmp_path, command), ["a1", "a2", "b1", "c1", "c2", "d1", "e1"])
    found = [error(outcomes[number]) for number in range(7)]
    assert [each.message for each in found] == [
        "22: no file a1", "22: no file a2", "28: timed out after 4b17 ms", "3", "3", "4", "signal 15",
    ]  # fmt: skip
    causes = [each.fingerprint for each in found]
    assert causes[0] == causes[1]
    assert causes[3] == causes[4]
    assert len(set(causes)) == 5


async def test_a_signal_that_ends_the_command(pool: Pool, tmp_path: Path) -> None:
    found = error(await run_one(pool, shell(tmp_path, "kill -9 $$")))
    assert "signal 9" in found.message


async def test_stdin_environment_and_identity(pool: Pool, tmp_path: Path) -> None:
    command = 'cat; echo "$WF_RUN_ID $WF_STEP $WF_ITEM_KEY $WF_ATTEMPT $A $B"'
    prog = shell(
        tmp_path, command, inputs={"stdin": "got {{ item }}\n"}, flow_env={"A": "{{ params.p }}"}, params={"p": "x"},
        env={"B": "item {{ item }}"},
    )  # fmt: skip
    assert value(await run_one(pool, prog, 5))["stdout"] == "got 5\nrun-1 work k0 1 x item 5\n"


async def test_stdin_that_nobody_reads(pool: Pool, tmp_path: Path) -> None:
    prog = shell(tmp_path, "exec <&-; echo ok", inputs={"stdin": "x" * 1_000_000})
    assert value(await run_one(pool, prog))["stdout"] == "ok\n"


async def test_without_stdin_a_command_reads_nothing(pool: Pool, tmp_path: Path) -> None:
    assert value(await run_one(pool, shell(tmp_path, "cat; echo done")))["stdout"] == "done\n"


@pytest.mark.parametrize(
    "command",
    [
        "sleep 300 & echo ok",
        "(setsid sleep 300 & ) ; echo ok",
        "nohup sh -c 'sleep 300; echo' >/dev/null 2>&1 & echo ok",
    ],
)
async def test_it_ends_with_the_command_and_leaves_nothing(pool: Pool, tmp_path: Path, command: str) -> None:
    began = time.monotonic()
    prog = shell(tmp_path, command, run=f"run-{tmp_path.name}")
    worker = await pool.acquire()
    outcomes = await run_items(worker, prog, [0, 1])
    assert [value(outcomes[n])["stdout"] for n in (0, 1)] == ["ok\n", "ok\n"]
    assert time.monotonic() - began < 5
    # The worker itself was started before it knew the run, so none but leftovers would have it in their environment.
    assert processes_of(prog.run) == []


async def test_leftovers_of_one_of_several_commands(pool: Pool, tmp_path: Path) -> None:
    worker = await pool.acquire()
    prog = shell(tmp_path, "sleep 300 & sleep 0.{{ item }}; echo ok", executor="thread", slots=3, parallel=True)
    outcomes = await run_items(worker, prog, [1, 2, 3, 1, 2])
    assert [value(outcomes[n])["stdout"] for n in range(5)] == ["ok\n"] * 5


async def test_output_is_capped_and_memory_bounded(pool: Pool, tmp_path: Path) -> None:
    outcome = await run_one(pool, shell(tmp_path, "head -c 30000000 /dev/zero | tr '\\0' a; echo end"))
    found = value(outcome)["stdout"]
    assert len(found) < (1 << 20) + 100
    assert found.endswith("end\n")
    assert "bytes left out" in found
    assert len(outcome.log or b"") < 70_000


async def test_workdir_and_shell_options(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    prog = shell(tmp_path, "pwd; false; echo never", inputs={"ok_codes": [1]}, workdir="sub")
    assert value(await run_one(pool, prog))["stdout"] == f"{tmp_path}/sub\n"


async def test_a_missing_command(pool: Pool, tmp_path: Path) -> None:
    found = error(await run_one(pool, shell(tmp_path, ["no-such-command-anywhere"])))
    assert "no-such-command-anywhere" in found.message


async def test_output_of_a_long_command_is_seen_while_it_runs(pool: Pool, tmp_path: Path) -> None:
    worker, engine = await pool.acquire(), Engine()
    await worker.program(shell(tmp_path, f"echo early; while ! [ -e {tmp_path}/go ]; do sleep 0.01; done"), engine)
    worker.feed(items([0]))
    await engine.until(lambda: engine.printed_text(0) == ["early"])
    (tmp_path / "go").touch()
    await engine.settled(1)
    assert log(engine.outcomes[0]) == ["early"]


async def test_killing_the_worker_ends_its_command(pool: Pool, tmp_path: Path) -> None:
    from tui_workflow.workers.deaths import made

    worker, engine = await pool.acquire(), Engine()
    prog = shell(tmp_path, "touch began; sleep 300; echo", run=f"run-{tmp_path.name}")
    await worker.program(prog, engine)
    worker.feed(items([0]))
    while not (tmp_path / "began").exists():
        await asyncio.sleep(0.01)
    worker.kill(made("Timeout", "too long"))
    await engine.until(lambda: bool(engine.deaths))

    async def gone() -> None:
        while processes_of(prog.run):
            await asyncio.sleep(0.01)

    await asyncio.wait_for(gone(), 2)


async def test_template_step_writes_below_the_flow(pool: Pool, tmp_path: Path) -> None:
    prog = program(tmp_path, type="template", inputs={"template": "Hi {{ item }}", "output": "out/{{ item }}.txt"})
    assert value(await run_one(pool, prog, "bob")) == "out/bob.txt"
    assert (tmp_path / "out" / "bob.txt").read_text() == "Hi bob"


@pytest.mark.parametrize("target", ["../x", "/etc/x", "a\0b", "out/../../x", "link/x", "", "."])
async def test_template_step_never_writes_elsewhere(pool: Pool, tmp_path: Path, target: str) -> None:
    folder = tmp_path / "flow"
    folder.mkdir()
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder / "link").symlink_to(outside)
    inputs = {"template": "Hi", "output": "{{ item }}"}
    assert error(await run_one(pool, program(folder, type="template", inputs=inputs), target)).type == "OutputPath"
    assert list(outside.iterdir()) == []


async def test_a_link_in_place_of_the_output_is_replaced_not_followed(pool: Pool, tmp_path: Path) -> None:
    folder = tmp_path / "flow"
    folder.mkdir()
    (tmp_path / "victim").write_text("safe")
    (folder / "out").symlink_to(tmp_path / "victim")
    outcome = await run_one(pool, program(folder, type="template", inputs={"template": "Hi", "output": "out"}))
    assert error(outcome).type == "OutputPath"
    assert (tmp_path / "victim").read_text() == "safe"


async def test_a_command_that_must_end_may_tidy_up_first(pool: Pool, tmp_path: Path) -> None:
    """SIGTERM to all that the worker has started; what does not hear it is killed a second later."""
    from tui_workflow.workers.deaths import made

    worker, engine = await pool.acquire(), Engine()
    command = "exec 2> log; trap 'rm half; exit' TERM; touch half began; (trap '' TERM; sleep 300) & while :; do sleep 0.1; done"
    prog = shell(tmp_path, command, run=f"run-{tmp_path.name}")
    await worker.program(prog, engine)
    worker.feed(items([0, 1]))
    while not (tmp_path / "began").exists():
        await asyncio.sleep(0.01)
    began = time.monotonic()
    worker.kill(made("Timeout", "too long"))
    await engine.until(lambda: bool(engine.deaths))
    assert not (tmp_path / "half").exists()
    assert 0.9 < time.monotonic() - began < 3

    async def gone() -> None:
        while processes_of(prog.run):
            await asyncio.sleep(0.01)

    await asyncio.wait_for(gone(), 1)
    assert (engine.deaths[0].blamed, engine.deaths[0].unstarted) == ((0,), (1,))
