from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.bench import Engine, error, handler, items, log, program, run_items, run_one, value
from tui_workflow.facts.logs import LIMIT, decode
from tui_workflow.text import MASK
from tui_workflow.workers.child.itemlog import ItemLog
from tui_workflow.workers.child.secrets import Secrets
from tui_workflow.workers.pool import Pool

PRINTS = """
import logging, os, subprocess, sys, warnings
def handle(item):
    match item:
        case 0: print("out", end=""); print(" more"); print("err", file=sys.stderr)
        case 1: logging.getLogger("mine").info("told"); logging.getLogger().warning("warned")
        case 2: warnings.warn("careful", stacklevel=1)
        case 3: os.write(1, b"raw out\\n"); os.write(2, b"raw err\\n")
        case 4: os.system("echo from a shell")
        case 5: sys.stdout.buffer.write(b"bytes \\xff\\n"); sys.stderr.flush()
        case 6: print("nul \\0 esc \\x1b[31m", "[red]x[/red]")
        case 7: sys.stdout.write("10%\\r50%\\r100%\\n"); sys.stdout.write("crlf\\r\\n")
        case 8: print("unfinished", end="")
"""


async def test_all_that_an_item_prints_is_its_log(pool: Pool, tmp_path: Path) -> None:
    worker = await pool.acquire()
    outcomes = await run_items(worker, handler(tmp_path, PRINTS), list(range(10)))
    logs = [log(outcomes[n]) for n in range(10)]
    assert logs[0] == ["out more", "err"]
    assert logs[1] == ["INFO mine: told", "WARNING root: warned"]
    assert "UserWarning: careful" in logs[2][0]
    assert logs[3] == ["raw out", "raw err"]
    assert logs[4] == ["from a shell"]
    assert logs[5] == ["bytes \\xff"]
    assert logs[6] == ["nul \0 esc \x1b[31m [red]x[/red]"]
    assert logs[7] == ["100%", "crlf"]
    assert logs[8] == ["unfinished"]
    assert logs[9] == []
    assert outcomes[9].log is None


async def test_log_lines_carry_their_time(pool: Pool, tmp_path: Path) -> None:
    outcome = await run_one(
        pool, program(tmp_path, inputs={"code": "import time\nprint(1)\ntime.sleep(0.05)\nprint(2)"})
    )
    first, second = decode(outcome.log or b"")
    assert second.offset - first.offset >= 0.049


FLOODS = [
    pytest.param("for n in range(500_000): print('line', n, 'x' * 90)", marks=pytest.mark.slow),
    "print('x' * 10_000_000)",
    "for n in range(500_000): sys.stdout.write(f'{n} ' + 'y' * 90 + chr(13))",
    "for n in range(800): os.write(1, b'z' * 65536)",
    "for n in range(800): os.write(1, b'z' * 65535 + b'\\n')",
    "os.write(2, bytes(range(256)) * 4000)",
]


@pytest.mark.parametrize("flood", FLOODS)
async def test_a_flood_costs_neither_memory_nor_the_end_of_the_log(pool: Pool, tmp_path: Path, flood: str) -> None:
    code = f"""
import os, sys, resource
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print("first")
{flood}
print()
print("last")
result = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
"""
    outcome = await run_one(pool, program(tmp_path, inputs={"code": code}))
    assert value(outcome) < 90_000  # kB; the text of the longest line is among it
    assert outcome.log is not None
    assert len(outcome.log) <= LIMIT + 4096
    if "os.write" in flood:
        assert "first" in log(outcome)
    else:
        assert log(outcome)[0] == "first"
        assert log(outcome)[-1] == "last"
    if "chr(13)" not in flood:
        assert "left out" in (outcome.log or b"").decode()


async def test_output_of_a_long_item_is_seen_while_it_runs(pool: Pool, tmp_path: Path) -> None:
    code = f"import os, time\nprint('early')\nwhile not os.path.exists({str(tmp_path / 'go')!r}): time.sleep(0.01)"
    worker, engine = await pool.acquire(), Engine()
    await worker.program(program(tmp_path, inputs={"code": code}), engine)
    began = time.monotonic()
    worker.feed(items([0]))
    await engine.until(lambda: engine.printed_text(0) == ["early"])
    assert time.monotonic() - began < 2
    (tmp_path / "go").touch()
    await engine.settled(1)
    assert log(engine.outcomes[0]) == ["early"]


async def test_an_item_that_ended_is_told_though_a_long_one_runs(pool: Pool, tmp_path: Path) -> None:
    code = f"import os, time\nif item:\n  while not os.path.exists({str(tmp_path / 'go')!r}): time.sleep(0.01)"
    worker, engine = await pool.acquire(), Engine()
    await worker.program(program(tmp_path, inputs={"code": code}), engine)
    worker.feed(items([0, 1]))
    await engine.until(lambda: len(engine.outcomes) == 1)
    (tmp_path / "go").touch()
    await engine.settled(2)


async def test_progress_is_seen_from_outside(pool: Pool, tmp_path: Path) -> None:
    code = f"import os, time\nprogress(3, 10)\nwhile not os.path.exists({str(tmp_path / 'go')!r}): time.sleep(0.01)"
    worker, engine = await pool.acquire(), Engine()
    await worker.program(program(tmp_path, inputs={"code": code}), engine)
    worker.feed(items([0]))
    while not [r for r in worker.running() if r.total]:
        await asyncio.sleep(0.005)
    (running,) = worker.running()
    assert (running.slot, running.item, running.done, running.total) == (0, 0, 3.0, 10.0)
    assert abs(running.since - time.time()) < 10
    (tmp_path / "go").touch()
    await engine.settled(1)
    assert worker.running() == []


LEAKS = """
# A shell that starts something in the background has it ignore SIGINT, this test too.
import os, signal, sys
def handle(item):
    if item == "look":
        print("seen"); os.write(1, b"raw\\n")
        return [os.getcwd(), os.environ.get("LEAK"), "HOME" in os.environ, signal.getsignal(signal.SIGTERM) == signal.SIG_DFL,
                signal.getsignal(signal.SIGINT) in (signal.default_int_handler, signal.SIG_IGN), os.popen("echo $LEAK").read()]
    match item:
        case 0: os.chdir("/")
        case 1: os.environ["LEAK"] = "1"; del os.environ["HOME"]
        case 2: signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.signal(signal.SIGINT, lambda *_: None)
        case 3: sys.stdout.close()
        case 4: sys.stdout = None; sys.stderr = open(os.devnull, "w")
        case 5: os.close(1); os.close(2)
        case 6: os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        case 7: os.environ.clear()
"""


async def test_what_one_item_does_to_its_process_does_not_reach_the_next(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/nobody")
    worker = await pool.acquire()
    given = [0, "look", 1, "look", 2, "look", 3, "look", 4, "look", 5, "look", 6, "look", 7, "look"]
    outcomes = await run_items(worker, handler(tmp_path, LEAKS), given)
    for number in range(1, 16, 2):
        assert value(outcomes[number]) == [str(tmp_path), None, True, True, True, "\n"], given[number - 1]
        assert sorted(log(outcomes[number])) == ["raw", "seen"], given[number - 1]


async def test_identity_in_the_environment(pool: Pool, tmp_path: Path) -> None:
    code = "import os\nresult = [os.environ[n] for n in ('WF_RUN_ID', 'WF_STEP', 'WF_ITEM_KEY', 'WF_ATTEMPT')] + [os.popen('echo $WF_ITEM_KEY').read()]"
    worker = await pool.acquire()
    outcomes = await run_items(worker, program(tmp_path, inputs={"code": code}), [0, 0])
    assert value(outcomes[1]) == ["run-1", "work", "k1", "1", "k1\n"]


async def test_on_progress_prints_into_the_steps_log(pool: Pool, tmp_path: Path) -> None:
    text = "def update_progress(items_processed, total_items):\n  print(f'Progress: {items_processed}/{total_items}')\n"
    worker, engine = await pool.acquire(), Engine()
    await worker.program(program(tmp_path, inputs={"code": "result = 1"}, on_progress=text), engine)
    worker.report_progress(1, 10)
    await engine.until(lambda: engine.printed_text(-1) == ["Progress: 1/10"])
    worker.feed(items([0]))
    await engine.settled(1)
    worker.report_progress(10, 10)
    await worker.program(program(tmp_path, inputs={"code": "result = 1"}), engine)
    assert engine.printed_text(-1)[-1] == "Progress: 10/10"


@pytest.mark.parametrize(
    ("body", "text"), [("raise ValueError('no')", "raised ValueError: no"), ("import time; time.sleep(1.2)", "second")]
)
async def test_on_progress_that_fails_or_drags_warns_once(pool: Pool, tmp_path: Path, body: str, text: str) -> None:
    code = f"def update_progress(items_processed, total_items):\n  {body}\n"
    worker, engine = await pool.acquire(), Engine()
    await worker.program(program(tmp_path, inputs={"code": "result = 1"}, on_progress=code), engine)
    worker.report_progress(1, 10)
    worker.feed(items([0, 0]))
    await engine.until(lambda: len(engine.printed_text(-1)) == 1 and len(engine.outcomes) == 2)
    worker.report_progress(2, 10)
    await worker.program(program(tmp_path, inputs={"code": "result = 1"}), engine)
    (line,) = engine.printed_text(-1)
    assert text in line
    assert "goes on" in line


SECRET = "hunter2-ünïcode"


@pytest.mark.parametrize(
    "code",
    [
        "print('token', params['token'])",
        "import sys\nfor c in params['token']: sys.stdout.write(c)",
        "import os\nfor c in params['token'].encode(): os.write(1, bytes([c]))",
        "raise ValueError('bad token ' + params['token'])",
        "raise KeyError(params['token'])",
        "from json import dumps\nprint(dumps(params['token']), repr(params['token']))",
        "print('x' * 65530 + params['token'] + 'y' * 100000)",
        "result = {'t': [params['token']]}",
        "context['t'] = params['token']",
        "import os\nos.system('echo $TOKEN')",
    ],
)
async def test_a_secret_never_leaves_the_worker(pool: Pool, tmp_path: Path, code: str) -> None:
    prog = program(
        tmp_path,
        inputs={"code": code},
        params={"token": SECRET},
        secrets=[SECRET],
        env={"TOKEN": "{{ params.token }}"},
    )
    outcome = await run_one(pool, prog)
    seen = b"".join(part for part in outcome[5:] if isinstance(part, bytes)).decode()
    assert SECRET not in seen
    assert "hunter2" not in seen
    if "65530" not in code:  # there the secret lies in what the log leaves out
        assert MASK in seen or "secret parameter" in seen
    if "result" in code or "context" in code:
        assert error(outcome).type == "SecretLeak"


async def test_a_secret_in_a_failing_handler_file(pool: Pool, tmp_path: Path) -> None:
    from tui_workflow.facts.work import Refused

    worker = await pool.acquire()
    source = "import os\nraise ValueError(os.environ['TOKEN'])\ndef handle(item): ...\n"
    prog = handler(tmp_path, source, params={"token": SECRET}, secrets=[SECRET], env={"TOKEN": "{{ params.token }}"})
    with pytest.raises(Refused) as refused:
        await worker.program(prog, Engine())
    assert SECRET.encode() not in refused.value.error.encode()
    assert MASK in refused.value.error.message


@given(st.text(alphabet="ab\n\r-", max_size=200), st.lists(st.integers(1, 20), max_size=40))
def test_masking_and_lines_are_the_same_for_every_chunking(text: str, sizes: list[int]) -> None:
    secrets = Secrets(["ab-ba"])
    text = text.replace("a", "ab-ba")
    whole, pieces = ItemLog(0.0, secrets.mask), ItemLog(0.0, secrets.mask)
    whole.write(text)
    place = 0
    for size in sizes:
        pieces.write(text[place : place + size])
        place += size
    pieces.write(text[place:])
    shown = [line.text for line in decode(whole.finished())]
    assert shown == [line.text for line in decode(pieces.finished())]
    assert not any("ab-ba" in line for line in shown)


async def test_a_command_finds_the_key_of_its_own_item_whatever_an_item_before_did(pool: Pool, tmp_path: Path) -> None:
    source = """
import os, subprocess

def handle(item):
    seen = subprocess.run(["printenv", "WF_ITEM_KEY"], capture_output=True, text=True).stdout.strip()
    if item == "set":
        os.environ["WF_ITEM_KEY"] = "mine"
    elif item == "unset":
        del os.environ["WF_ITEM_KEY"]
    elif item == "put":
        os.putenv("WF_ITEM_KEY", "mine")
    return seen
"""
    given = ["plain", "set", "plain", "unset", "plain", "put", "plain"]
    worker = await pool.acquire()
    for _ in range(2):  # the second program finds what the first has left
        outcomes = await run_items(worker, handler(tmp_path, source), given)
        assert [value(outcomes[number]) for number in range(len(given))] == [f"k{n}" for n in range(len(given))]
