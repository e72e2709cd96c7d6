"""No process outlives the engine, however it ends and whatever the worker is doing."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.workers.bench import Engine, items, processes_of, program, run_one, value
from tui_workflow.workers.pool import Pool

ENGINE = """
import asyncio, sys
from pathlib import Path
from tests.workers.bench import Engine, handler, items
from tui_workflow.workers.pool import Pool

async def main(folder, source):
    pool = Pool(str(folder))
    workers = []
    for number in range(2):
        worker, engine = await pool.acquire(), Engine()
        workers.append(worker)
        await worker.program(handler(folder, source, run=folder.name), engine)
        worker.feed(items([number]))
    while not all((folder / f"ready{n}").exists() for n in range(2)):
        await asyncio.sleep(0.01)
    print(*(worker.pid for worker in workers), flush=True)
    await asyncio.sleep(60)

asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
"""
WAITS = {
    "sleeping": "time.sleep(300)",
    "busy": "exec('while True: pass')",
    "in C with the GIL": "re.match('(a+)+$', 'a' * 40 + 'b')",
    "ignoring signals": "[signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)]; time.sleep(300)",
}


@pytest.mark.parametrize("wait", WAITS)
async def test_kill_9_of_the_engine_leaves_nothing(tmp_path: Path, wait: str) -> None:
    source = f"""
import re, signal, subprocess, time
def handle(item):
    subprocess.Popen("sleep 300 & sleep 300", shell=True)
    open(f"ready{{item}}", "w").close()
    {WAITS[wait]}
"""
    engine = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ENGINE, str(tmp_path), source, stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )  # fmt: skip
    assert engine.stdout is not None
    try:
        pids = [int(pid) for pid in (await asyncio.wait_for(engine.stdout.readline(), 20)).split()]
        assert len(pids) == 2
        async with asyncio.timeout(20):
            while len(processes_of(tmp_path.name)) < 4:  # what the items start has yet to start its own
                await asyncio.sleep(0.01)
    finally:
        engine.kill()
        began = time.monotonic()
        await engine.wait()
    while processes_of(tmp_path.name) or any(alive(pid) for pid in pids):
        assert time.monotonic() - began < 2, "processes outlive the engine"
        await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_close_leaves_nothing(tmp_path: Path) -> None:
    pool = Pool(str(tmp_path))
    pool.prewarm(1)
    workers = [await pool.acquire(), await pool.acquire()]
    engine = Engine()
    await workers[0].program(program(tmp_path, inputs={"code": "import time; time.sleep(300)"}), engine)
    workers[0].feed(items([0]))
    pool.prewarm(1)
    pids = [worker.pid for worker in workers]
    await pool.close()
    assert not any(alive(pid) for pid in pids)
    assert engine.deaths[0].wanted
    assert pool._all == set()


async def test_an_idle_worker_is_kept_for_the_next_step_and_a_dead_one_is_not(pool: Pool, tmp_path: Path) -> None:
    first = await pool.acquire()
    pool.release(first)
    assert (await pool.acquire()).pid == first.pid
    pool.release(first)
    os.kill(first.pid, signal.SIGKILL)
    engine = Engine()
    while alive(first.pid):
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.1)
    second = await pool.acquire()
    assert second.pid != first.pid
    assert value(await run_one(pool, program(tmp_path, inputs={"code": "result = 1"}))) == 1
    assert engine.deaths == []


async def test_worker_takes_no_keys_and_no_terminal(pool: Pool, tmp_path: Path) -> None:
    code = """
import os, sys
try:
    os.open("/dev/tty", os.O_RDWR)
    tty = True
except OSError:
    tty = False
result = [sys.stdin.read(), tty, os.getsid(0) == os.getpid()]
"""
    assert value(await run_one(pool, program(tmp_path, inputs={"code": code}))) == ["", False, True]
