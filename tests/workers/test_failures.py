from __future__ import annotations

import asyncio
import os
import random
import resource
import signal
from pathlib import Path

import pytest

from tests.workers.bench import Engine, context_of, error, handler, items, log, program, run_items, run_one, value
from tui_workflow.facts.logs import decode
from tui_workflow.facts.outcome import Ended
from tui_workflow.facts.work import Worker, WorkItem
from tui_workflow.workers.deaths import made
from tui_workflow.workers.pool import Pool

MISBEHAVE = """
import asyncio, sys
class Own(BaseException): pass
class Mute(Exception):
    def __str__(self): raise RuntimeError("no text")
class Deep(Exception):
    def __str__(self): sys.exit(1)
def recurse(): recurse()
def handle(item):
    match item:
        case 0: sys.exit(0)
        case 1: raise KeyboardInterrupt
        case 2: raise GeneratorExit
        case 3: raise StopIteration
        case 4: raise asyncio.CancelledError
        case 5: raise Own("own")
        case 6: raise Mute
        case 7: raise Deep
        case 8: raise ValueError("x" * 10_000_000)
        case 9: recurse()
        case 10: raise ValueError("\\ud800")
    return item
"""
NAMES = "SystemExit KeyboardInterrupt GeneratorExit StopIteration CancelledError Own Mute Deep ValueError RecursionError ValueError"


@pytest.mark.parametrize("executor", ["auto", "thread", "async"])
async def test_whatever_an_item_raises_is_its_failure_and_nothing_else(
    pool: Pool, tmp_path: Path, executor: str
) -> None:
    source = MISBEHAVE.replace("def handle", "async def handle") if executor == "async" else MISBEHAVE
    worker = await pool.acquire()
    outcomes = await run_items(worker, handler(tmp_path, source, executor=executor), list(range(12)))
    assert [error(outcomes[n]).type for n in range(11)] == NAMES.split()
    assert value(outcomes[11]) == 11
    assert "Exception" in error(outcomes[0]).mro
    assert len(error(outcomes[8]).message) <= 16 * 1024
    assert len(error(outcomes[8]).traceback) <= 64 * 1024
    assert "left out" in error(outcomes[8]).message
    assert error(outcomes[9]).frames


async def test_a_failure_names_the_users_frames_with_the_source_that_ran(pool: Pool, tmp_path: Path) -> None:
    source = (
        "import json\n\ndef inner(text):\n    return json.loads(text)\n\ndef handle(item):\n    return inner(item)\n"
    )
    (tmp_path / "handlers.py").write_text("something else\n")
    found = error(await run_one(pool, handler(tmp_path, source), "{"))
    own = [frame for frame in found.frames if frame.own]
    assert [(frame.function, frame.line) for frame in own] == [("handle", 7), ("inner", 4)]
    assert (4, "    return json.loads(text)") in own[1].lines
    assert not found.frames[-1].own
    assert found.where == (str(tmp_path / "handlers.py"), 4)
    assert "return inner(item)" in found.traceback
    assert "tui_workflow" not in found.traceback
    assert found.mro[:2] == ("JSONDecodeError", "ValueError")


async def test_failures_of_one_cause_have_one_fingerprint(pool: Pool, tmp_path: Path) -> None:
    worker = await pool.acquire()
    code = "raise ValueError(f'row {item} is bad')"
    outcomes = await run_items(worker, program(tmp_path, inputs={"code": code}), [17, 230])
    assert error(outcomes[0]).fingerprint == error(outcomes[1]).fingerprint
    assert error(outcomes[0]).where == ("<code of step work>", 1)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("result = open('/dev/null')", "TextIOWrapper"),
        ("result = []; result.append(result)", "nested more than"),
        ("result = '\\ud800'", "surrogate"),
        ("result = object()", "object"),
    ],
)
async def test_what_cannot_be_stored_is_an_error_that_says_what_to_return(
    pool: Pool, tmp_path: Path, code: str, text: str
) -> None:
    found = error(await run_one(pool, program(tmp_path, inputs={"code": code})))
    assert found.type == "ValueProblem"
    assert text in found.message
    assert "Return" in found.message


async def test_tagged_values_come_back_with_their_types(pool: Pool, tmp_path: Path) -> None:
    code = "result = [item, (1, 2), {1: b'x'}, {3}, 2**70]"
    item = (b"\0", {"$wf": "x"})
    found = value(await run_one(pool, program(tmp_path, inputs={"code": code}), item))
    assert found == [item, (1, 2), {1: b"x"}, {3}, 2**70]


DEATHS = [
    ("os._exit(3)", "exited with code 3"),
    ("os.kill(os.getpid(), signal.SIGSEGV)", "signal 11, SIGSEGV"),
    ("os.kill(os.getpid(), signal.SIGKILL)", "signal 9, SIGKILL"),
    ("os.abort()", "signal 6, SIGABRT"),
    ("os.close(int([f for f in os.listdir('/proc/self/fd') if os.path.exists('/proc/self/fd/'+f) "
     "and 'socket' in os.readlink('/proc/self/fd/'+f)][0])); os.system('sleep 5 &'); os._exit(4)", "exited with code 4"),
]  # fmt: skip


@pytest.mark.parametrize(("deed", "how"), DEATHS)
async def test_a_death_is_blamed_on_one_item_and_repeats_none(pool: Pool, tmp_path: Path, deed: str, how: str) -> None:
    source = f"""
import os, signal
effects = os.open({str(tmp_path / "effects")!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
def handle(item):
    os.write(effects, b"%d\\n" % item)
    if item == 77:
        {deed}
    return item
"""
    worker = await pool.acquire()
    outcomes = await run_items(worker, handler(tmp_path, source), list(range(500)))
    assert sorted(outcomes) == list(range(77))
    engine = Engine()
    again = await pool.acquire()
    await again.program(handler(tmp_path, source.replace(deed, "pass")), engine)
    assert (tmp_path / "effects").read_text().split() == [str(n) for n in range(78)]


@pytest.mark.parametrize("executor", ["auto", "thread", "async"])
async def test_the_death_says_who_ran_and_who_had_not_begun(pool: Pool, tmp_path: Path, executor: str) -> None:
    word, wait = ("async ", "await asyncio.sleep(60)") if executor == "async" else ("", "time.sleep(60)")
    source = f"""
import asyncio, os, time
{word}def handle(item):
    if item == 5:
        os._exit(3)
    if item > 2:
        {wait}
    return item
"""
    slots = 1 if executor == "auto" else 3
    worker, engine = await pool.acquire(), Engine()
    await worker.program(handler(tmp_path, source, executor=executor, slots=slots), engine)
    worker.feed(items([0, 1, 2, 5, 7, 6, 9, 5] if slots == 1 else [0, 1, 2, 6, 7, 5, 8, 9]))
    await engine.until(lambda: bool(engine.deaths))
    death = engine.deaths[0]
    assert sorted(outcome.item for outcome in engine.outcomes) == [0, 1, 2]
    assert sorted(death.blamed) == ([3] if slots == 1 else [3, 4, 5])
    assert sorted(death.unstarted) == ([4, 5, 6, 7] if slots == 1 else [6, 7])
    assert not death.wanted
    assert death.error.type == "WorkerDied"
    assert "exited with code 3" in death.error.message
    assert "Exception" in death.error.mro


@pytest.mark.parametrize("wait", ["", "time.sleep(0.6)"])
async def test_a_death_comes_with_what_the_item_had_printed(pool: Pool, tmp_path: Path, wait: str) -> None:
    code = f"import os, time\nprint('early')\n{wait}\nprint('late')\nos.write(2, b'raw')\nos._exit(1)"
    worker, engine = await pool.acquire(), Engine()
    await worker.program(program(tmp_path, inputs={"code": code}), engine)
    worker.feed(items([0]))
    await engine.until(lambda: bool(engine.deaths))
    assert [line.text for line in decode(engine.deaths[0].logs[0])] == ["early", "late", "raw"]
    assert engine.printed_text(0) == ["early", "late", "raw"]


async def test_kill_ends_a_handler_that_ignores_signals_and_its_children(pool: Pool, tmp_path: Path) -> None:
    source = f"""
import os, signal, subprocess
def handle(item):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    subprocess.Popen(["sleep", "300"])
    open({str(tmp_path / "ready")!r}, "w").close()
    while True: pass
"""
    worker, engine = await pool.acquire(), Engine()
    await worker.program(handler(tmp_path, source), engine)
    worker.feed(items([1, 2]))
    while not (tmp_path / "ready").exists():
        await asyncio.sleep(0.01)
    assert [running.item for running in worker.running()] == [0]
    worker.kill(made("Timeout", "took too long"))
    await engine.until(lambda: bool(engine.deaths))
    death = engine.deaths[0]
    assert (death.error.type, death.blamed, death.unstarted, death.wanted) == ("Timeout", (0,), (1,), True)
    assert worker.running() == []
    await nobody_left(worker.pid)


async def nobody_left(group: int) -> None:
    async def wait() -> None:
        while group_lives(group):
            await asyncio.sleep(0.01)

    await asyncio.wait_for(wait(), 2)


def group_lives(group: int) -> bool:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == group and fields[0] != "Z":
                return True
    return False


async def test_memory_eater_fails_as_out_of_memory(pool: Pool, tmp_path: Path) -> None:
    code = "x = [bytearray(1 << 20) for _ in range(item)]\nresult = len(x)"
    worker = await pool.acquire()
    prog = program(tmp_path, inputs={"code": code}, memory=256 << 20)
    outcomes = await run_items(worker, prog, [1000, 10])
    assert error(outcomes[0]).type == "OutOfMemory"
    assert "Exception" in error(outcomes[0]).mro
    assert value(outcomes[1]) == 10
    # The limit is the step's, not the worker's.
    assert value((await run_items(worker, program(tmp_path, inputs={"code": code}), [400]))[0]) == 400


async def test_stop_on_failure_hands_back_the_rest_and_what_comes_too_late(pool: Pool, tmp_path: Path) -> None:
    code = "result = 1 / item"
    worker, engine = await pool.acquire(), Engine()
    await worker.program(program(tmp_path, inputs={"code": code}, stop_on_failure=True), engine)
    worker.feed(items([1, 0, 1]))
    worker.feed(items([1, 1], first=3))
    await engine.settled(5)
    assert sorted(engine.back) == [2, 3, 4]
    worker.feed(items([1, 1], first=3))
    await engine.until(lambda: len(engine.outcomes) == 4)
    assert [outcome.status for outcome in engine.outcomes] == [Ended.OK, Ended.FAILED, Ended.OK, Ended.OK]


async def test_recall_answers_while_an_item_runs_and_what_came_back_never_starts(pool: Pool, tmp_path: Path) -> None:
    source = f"""
import os, time
def handle(item):
    with open({str(tmp_path / "began")!r}, "a") as file: file.write(f"{{item}}\\n")
    while not os.path.exists({str(tmp_path / "go")!r}): time.sleep(0.005)
"""
    worker, engine = await pool.acquire(), Engine()
    await worker.program(handler(tmp_path, source), engine)
    worker.feed(items(list(range(100))))
    while not worker.running():
        await asyncio.sleep(0.005)
    worker.recall()
    await engine.until(lambda: len(engine.back) == 99)
    worker.recall()
    (tmp_path / "go").touch()
    await engine.until(lambda: len(engine.outcomes) == 1)
    assert (tmp_path / "began").read_text().split() == ["0"]


async def test_context_of_items_in_order(pool: Pool, tmp_path: Path) -> None:
    code = """
context['n'] = context.get('n', 0) + item
context['list'].append(item)
if item == 2: raise ValueError
result = context['n']
"""
    worker = await pool.acquire()
    prog = program(tmp_path, inputs={"code": code}, context={"list": []})
    outcomes = await run_items(worker, prog, [1, 2, 3])
    assert [value(outcomes[n]) for n in (0, 2)] == [1, 4]
    assert context_of(outcomes[0]) == {"n": 1, "list": [1]}
    assert outcomes[1].context is None
    assert context_of(outcomes[2]) == {"n": 4, "list": [1, 3]}


async def test_a_context_the_engine_sends_does_not_undo_what_it_has_not_seen(pool: Pool, tmp_path: Path) -> None:
    code = "context['n'] = context.get('n', 0) + 1\nresult = [context['n'], context.get('m')]"
    worker, engine = await pool.acquire(), Engine()
    await worker.program(program(tmp_path, inputs={"code": code}), engine)
    worker.feed(items([0, 0]))
    worker.feed(items([0], first=2), context={"m": b"7"})
    outcomes = await engine.settled(3)
    assert value(outcomes[2]) == [3, 7]


@pytest.mark.parametrize("code", ["context['n'] = 1", "context['list'].append(1)"])
async def test_a_write_from_a_parallel_step_is_an_error_that_says_why(pool: Pool, tmp_path: Path, code: str) -> None:
    prog = program(tmp_path, inputs={"code": code}, context={"list": []}, parallel=True, slots=2)
    found = error(await run_one(pool, prog))
    assert "parallel" in found.message
    assert "fold" in found.message


async def test_forked_processes_are_no_workers(pool: Pool, tmp_path: Path) -> None:
    source = """
import multiprocessing, os, sys
def child(n):
    print("child", n, flush=True)
def handle(item):
    pid = os.fork()
    if pid == 0:
        if item == 0: return "from the child"
        if item == 1: sys.exit(5)
        raise ValueError
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    process = multiprocessing.get_context("fork").Process(target=child, args=(item,))
    process.start(); process.join()
    return [item, status]
"""
    worker = await pool.acquire()
    outcomes = await run_items(worker, handler(tmp_path, source), [0, 1, 2])
    assert [value(outcomes[n]) for n in range(3)] == [[0, 0], [1, 1], [2, 1]]
    assert log(outcomes[2]) == ["child 2"]


@pytest.mark.parametrize("executor", ["auto", "thread", "async"])
async def test_closing_a_worker_flushes_what_its_modules_hold(tmp_path: Path, executor: str) -> None:
    pool = Pool(str(tmp_path))
    word = "async " if executor == "async" else ""
    source = f"out = open('out.txt', 'w')\n{word}def handle(item):\n    out.write(item)\n"
    await run_one(pool, handler(tmp_path, source, executor=executor), "kept")
    await pool.close()
    assert (tmp_path / "out.txt").read_text() == "kept"


async def test_a_question_nobody_waits_for_does_not_answer_the_next(pool: Pool, tmp_path: Path) -> None:
    worker = await pool.acquire()
    await worker.program(program(tmp_path, inputs={"code": ""}), Engine())
    for number in range(5):
        asking = asyncio.create_task(worker.evaluate({"a": "{{ 'stale' }}"}))
        await asyncio.sleep(0)
        asking.cancel()
        assert await worker.evaluate({"b": f"{{{{ {number} }}}}"}) == {"b": b"%d" % number}


async def feed_all(worker: Worker, left: set[int]) -> set[int]:
    """Feed what is left in batches, with turns of the loop in between."""
    fed: set[int] = set()
    for first in range(0, 6000, 300):
        batch = [WorkItem(n, f"k{n}", n, 1, b"%d" % n) for n in range(first, first + 300) if n in left]
        fed |= {item.number for item in batch}
        worker.feed(batch)
        await asyncio.sleep(0)
    return fed


async def crashed(worker: Worker, engine: Engine, after: int, fed: set[int]) -> None:
    """Kill the worker once `after` items have ended; each item must be in exactly one place."""
    await engine.until(lambda: len(engine.outcomes) > after)
    os.kill(worker.pid, signal.SIGKILL)
    await engine.until(lambda: bool(engine.deaths))
    (death,) = engine.deaths
    assert len(death.blamed) <= 1
    ended = [outcome.item for outcome in engine.outcomes]
    assert sorted([*ended, *death.blamed, *death.unstarted]) == sorted(fed)


@pytest.mark.parametrize("seed", range(6))
async def test_kill_9_at_any_time_loses_and_repeats_nothing(pool: Pool, tmp_path: Path, seed: int) -> None:
    """However the worker dies while batches are on their way, each item is in exactly one place."""
    source = f"""
import os
effects = os.open({str(tmp_path / "effects")!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
def handle(item):
    os.write(effects, b"%d\\n" % item)
    return item
"""
    rng = random.Random(seed)
    left = set(range(6000))
    for crash in range(5):
        worker, engine = await pool.acquire(), Engine()
        await worker.program(handler(tmp_path, source), engine)
        fed = await feed_all(worker, left)
        if crash < 4:
            # A quick machine may have ended all that was left by the time of the last kills.
            await crashed(worker, engine, min(rng.randrange(400), len(fed) - 1), fed)
        else:
            await engine.settled(len(left))
        ended = [outcome.item for outcome in engine.outcomes]
        assert len(set(ended)) == len(ended)
        assert left.issuperset(ended)
        left -= set(ended)
    assert left == set()
    effects = [int(line) for line in (tmp_path / "effects").read_text().split()]
    assert set(effects) == set(range(6000))
    assert len(effects) - 6000 <= 4


async def test_a_worker_starts_however_many_files_the_engine_has_open(pool: Pool, tmp_path: Path) -> None:
    """Each slot costs the engine some descriptors, and what a worker is given has numbers above a thousand then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    many = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        code = "import subprocess\nresult = subprocess.run(['echo', str(item)], capture_output=True, text=True).stdout"
        assert value(await run_one(pool, program(tmp_path, inputs={"code": code}), 7)) == "7\n"
        command = {"command": "read x; echo $x {{ item }}", "stdin": "given\n"}
        outcome = await run_one(pool, program(tmp_path, type="shell", inputs=command), 7)
        assert value(outcome)["stdout"] == "given 7\n"
    finally:
        for fd in many:
            os.close(fd)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
