"""Which files a worker says its modules are made of, and which of its pool are kept when these have changed."""

from __future__ import annotations

import asyncio
import os
import py_compile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.workers.bench import PATIENCE, Engine, handler, items, program, run_items
from tui_workflow.facts.work import Refused, Worker
from tui_workflow.workers.child.loaded import MOST
from tui_workflow.workers.pool import Pool

HANDLE = "\ndef handle(item):\n    return item\n"


def named(worker: Worker, folder: Path) -> list[str]:
    return sorted(os.path.relpath(path, folder) for path in worker.outdated())


def change(*files: Path) -> None:
    for file in files:
        file.write_text(file.read_text() + "\n" if file.exists() else "made later\n")


async def loaded(pool: Pool, folder: Path, source: str) -> Worker:
    worker = await pool.acquire()
    await worker.program(handler(folder, source + HANDLE), Engine())
    assert worker.outdated() == ()
    return worker


async def eventually(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():
            await asyncio.sleep(0.01)


async def opened_by_reader(fifo: Path) -> int:
    """A descriptor to write to it, once somebody reads."""
    found: list[int] = []

    def try_it() -> bool:
        with suppress(OSError):
            found.append(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
        return bool(found)

    await eventually(try_it)
    return found[0]


async def test_what_is_read_and_imported_while_loading_counts(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    files = [tmp_path / name for name in ("one.txt", "two.py", "three.py", "deep/four.txt", "five.txt", "süß \n.txt")]
    change(*files)
    (tmp_path / "two.py").write_text("import three\nfrom pathlib import Path\nPath('deep/four.txt').read_bytes()\n")
    (tmp_path / "three.py").write_text("")
    source = (
        "import os, json, two\nopen('one.txt').read()\nos.close(os.open(b'five.txt', os.O_RDONLY))\n"
        f"open({str(files[5])!r}).read()\n"
    )
    worker = await loaded(pool, tmp_path, source)
    change(tmp_path / "other.txt")
    assert worker.outdated() == ()
    change(*files)
    assert named(worker, tmp_path) == sorted(os.path.relpath(file, tmp_path) for file in files)
    (tmp_path / "one.txt").unlink()
    assert "one.txt" in named(worker, tmp_path)


async def test_a_module_compiled_before_counts_by_its_source(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / "rates.py").write_text("X = 1\n")
    compiled = Path(py_compile.compile(str(tmp_path / "rates.py")) or "")
    worker = await loaded(pool, tmp_path, "import rates\n")
    compiled.touch()
    assert worker.outdated() == ()
    change(tmp_path / "rates.py")
    assert named(worker, tmp_path) == ["rates.py"]


async def test_what_is_not_there_counts_and_what_is_written_does_not(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("1")
    source = (
        "import os\nassert not os.path.exists('/proc/0')\nopen('/proc/self/stat').read()\nopen('/dev/null').read()\n"
        "try:\n    open('missing.txt')\nexcept FileNotFoundError:\n    pass\n"
        "open('kept.txt').read()\nopen('kept.txt', 'a').write('more')\n"
        "try:\n    open('cache.txt')\nexcept FileNotFoundError:\n    open('cache.txt', 'w').write('made')\n"
        "os.listdir('.')\nopen(os.dup(1), 'rb', closefd=True).close()\n"
    )
    worker = await loaded(pool, tmp_path, source)
    change(*(tmp_path / name for name in ("missing.txt", "kept.txt", "cache.txt")))
    assert named(worker, tmp_path) == ["missing.txt"]


async def test_a_file_of_the_same_time_and_size_in_the_place_of_another_counts(pool: Pool, tmp_path: Path) -> None:
    old, new = tmp_path / "rates.txt", tmp_path / "new.txt"
    old.write_text("1.0")
    worker = await loaded(pool, tmp_path, "open('rates.txt').read()\n")
    new.write_text("1.1")
    status = old.stat()
    os.utime(new, ns=(status.st_atime_ns, status.st_mtime_ns))
    new.rename(old)
    assert named(worker, tmp_path) == ["rates.txt"]


@pytest.mark.parametrize("executor", ["process", "thread"])
async def test_of_what_items_do_only_imports_count(pool: Pool, tmp_path: Path, executor: str) -> None:
    files = [tmp_path / name for name in ("data.txt", "code.py", "rates.py")]
    change(*files)
    (tmp_path / "rates.py").write_text("X = 1\n")
    source = "def handle(item):\n    import rates\n    return open('data.txt').read() + open('code.py').read()\n"
    worker, engine = await pool.acquire(), Engine()
    await worker.program(handler(tmp_path, source, executor=executor, slots=2), engine)
    worker.feed(items([1, 2, 3]))
    await engine.settled(3)
    await worker.evaluate({"told": "{{ 1 }}"})
    change(*files)
    assert named(worker, tmp_path) == ["rates.py"]


async def test_inline_code_counts_by_what_it_imports(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / "rates.py").write_text("X = 1\n")
    worker = await pool.acquire()
    code = "import rates\nresult = rates.X\nopen('data.txt', 'a').close()\nopen('data.txt').close()"
    await run_items(worker, program(tmp_path, inputs={"code": code}), [1])
    await worker.evaluate({"told": "{{ 1 }}"})
    change(tmp_path / "rates.py", tmp_path / "data.txt")
    assert named(worker, tmp_path) == ["rates.py"]


async def test_an_item_hears_of_an_import_while_it_still_runs(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / "rates.py").write_text("X = 1\n")
    os.mkfifo(tmp_path / "gate")
    worker, engine = await pool.acquire(), Engine()
    await worker.program(handler(tmp_path, "def handle(item):\n    import rates\n    open('gate').read()\n"), engine)
    worker.feed(items([1]))
    writer = await opened_by_reader(tmp_path / "gate")

    def noticed() -> (
        bool
    ):  # it is looked at every now and then: what changes before is not known to have been otherwise
        change(tmp_path / "rates.py")
        return named(worker, tmp_path) == ["rates.py"]

    try:
        await eventually(noticed)
        assert not engine.outcomes
    finally:
        os.close(writer)
    await engine.settled(1)


async def test_what_a_refused_handler_had_loaded_counts(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / "rates.py").write_text("X = 1\n")
    worker = await pool.acquire()
    with pytest.raises(Refused, match="no rate"):
        await worker.program(handler(tmp_path, "import rates\nraise ValueError('no rate')\n"), Engine())
    change(tmp_path / "rates.py")
    assert named(worker, tmp_path) == ["rates.py"]


async def test_what_an_earlier_step_loaded_counts_as_long_as_the_process_lives(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / "rates.txt").write_text("1")
    worker = await loaded(pool, tmp_path, "open('rates.txt').read()\n")
    change(tmp_path / "rates.txt")
    await worker.program(handler(tmp_path, "open('rates.txt').read()\nNEW = 1\n" + HANDLE), Engine())
    assert named(worker, tmp_path) == ["rates.txt"]


async def test_there_is_an_end_to_what_is_remembered(pool: Pool, tmp_path: Path) -> None:
    source = f"for n in range({MOST + 50}):\n    open(f'{{n}}.txt', 'w').close()\n"
    await loaded(pool, tmp_path, source)
    worker = await loaded(pool, tmp_path, f"for n in range({MOST + 50}):\n    open(f'{{n}}.txt').close()\n")
    change(*(tmp_path / f"{n}.txt" for n in range(MOST + 50)))
    assert len(worker.outdated()) == MOST


async def test_outdated_workers_are_ended_and_others_kept(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / "rates.txt").write_text("1")
    made = [await loaded(pool, tmp_path, "open('rates.txt').read()\n") for _ in range(3)]
    other = await loaded(pool, tmp_path, "OTHER = 1\n")
    for worker in (made[0], other):
        pool.release(worker)
    assert pool.renew() == ()
    assert {(await pool.acquire()).pid, (await pool.acquire()).pid} == {made[0].pid, other.pid}
    pool.release(made[0])
    pool.release(other)
    change(tmp_path / "rates.txt")
    pool.release(made[1])  # before anybody wished for it, a change ends no worker
    assert pool.renew() == (str(tmp_path / "rates.txt"),)
    await eventually(lambda: not any(os.path.exists(f"/proc/{worker.pid}") for worker in made[:2]))
    again = await pool.acquire()
    assert again.pid == other.pid
    pool.release(made[2])
    fresh = await loaded(pool, tmp_path, "open('rates.txt').read()\n")
    assert fresh.pid not in {worker.pid for worker in (*made, other)}
    await eventually(lambda: not os.path.exists(f"/proc/{made[2].pid}"))
    pool.release(fresh)
    assert pool.renew() == ()
    assert (await pool.acquire()).pid == fresh.pid


async def test_a_pool_that_closes_leaves_none_of_those_that_end(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / "rates.txt").write_text("1")
    lasting = (
        "import threading, time\nopen('rates.txt').read()\nthreading.Thread(target=time.sleep, args=(60,)).start()\n"
    )
    worker = await loaded(pool, tmp_path, lasting)
    pool.release(worker)
    change(tmp_path / "rates.txt")
    pool.renew()
    await pool.close()
    assert not os.path.exists(f"/proc/{worker.pid}")
