"""Every editor's way of saving is seen, and no save is taken up twice."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.reload.live import Live, live
from tui_workflow.facts.commands import Pause

FLOW = """\
steps:
  work:
    type: python
    for_each: {range: 1000000}
    timeout: 5
    inputs: {code: "import time; time.sleep(0.2)"}
"""


def text(number: int) -> str:
    return FLOW.replace("timeout: 5", f"timeout: {100 + number}")


def over(path: Path, new: str) -> None:
    path.write_text(new)


def vim(path: Path, new: str) -> None:
    """`backupcopy=no`: the old file becomes the backup, a new one is written in its place."""
    backup = path.with_name(path.name + "~")
    os.replace(path, backup)
    path.write_text(new)
    backup.unlink()


def vim_probe(path: Path, new: str) -> None:
    """With the file named 4913 by which vim finds out whether it may write here."""
    probe = path.with_name("4913")
    probe.touch()
    probe.unlink()
    temp = path.with_name(f".{path.name}.swp")
    temp.write_text(new)
    shutil.copy2(path, path.with_name(path.name + "~"))
    os.replace(temp, path)


def emacs(path: Path, new: str) -> None:
    lock = path.with_name(f".#{path.name}")
    lock.symlink_to("me@host.1:1")
    temp = path.with_name(f"#{path.name}#")
    temp.write_text(new)
    os.rename(temp, path)
    lock.unlink()


def sed(path: Path, new: str) -> None:
    number = new.split("timeout: ")[1].split("\n", maxsplit=1)[0]
    subprocess.run(["sed", "-i", f"s/timeout: .*/timeout: {number}/", path.name], cwd=path.parent, check=True)


def real_vim(path: Path, new: str) -> None:
    """The editor itself, with its swap file and its backup."""
    if shutil.which("vim") is None:
        pytest.skip("vim is not installed")
    number = new.split("timeout: ")[1].split("\n", maxsplit=1)[0]
    words = [
        "vim",
        "-u",
        "NONE",
        "-i",
        "NONE",
        "-es",
        "+set backup writebackup",
        f"+%s/timeout: .*/timeout: {number}/",
        "+wq",
    ]
    subprocess.run([*words, path.name], cwd=path.parent, stdin=subprocess.DEVNULL, check=True, timeout=20)


def copied(path: Path, new: str) -> None:
    other = path.with_name("other.yaml.txt")
    other.write_text(new)
    subprocess.run(["cp", other, path], check=True)


def anew(path: Path, new: str) -> None:
    path.unlink()
    time.sleep(0.05)
    path.write_text(new)


def relinked(path: Path, new: str) -> None:
    """As deployments do: a link in the place of the file is turned to another one, in a folder of its own."""
    release = path.parent / f"release-{time.monotonic_ns()}"
    release.mkdir()
    (release / path.name).write_text(new)
    link = path.with_name("link.new")
    link.symlink_to(release / path.name)
    os.replace(link, path)


STYLES = (over, vim, vim_probe, real_vim, emacs, sed, copied, anew, relinked)


async def saved(folder: Path, save: Callable[[Path, str], None], times: int) -> None:
    path = folder / "flow.yaml"
    if save is relinked:
        (folder / "release").mkdir()
        (folder / "release" / "flow.yaml").write_text(FLOW)
        path.symlink_to(folder / "release" / "flow.yaml")
    else:
        path.write_text(FLOW)
    async with live(folder) as run:
        await run.send(Pause())
        for number in range(1, times + 1):
            began = time.monotonic()
            save(path, text(number))
            await _taken(run, number, f"save {number} by {save.__name__}")
            assert time.monotonic() - began < 1.5
        await run.stage.feed.reread()
        await run.until(lambda: run.state.revision == 1 + times, "one revision a save", 3)
        assert run.rejected is None
        assert run.rows("SELECT count(*) FROM event WHERE kind = 'reload_rejected'") == [(0,)]


async def _taken(run: Live, number: int, words: str) -> None:
    await run.until(lambda: _timeout(run) == 100 + number, words, 3)


def _timeout(run: Live) -> float | None:
    return run.stage.plan["work"].step.timeout


@pytest.mark.parametrize("save", STYLES, ids=lambda save: save.__name__)
async def test_three_saves(tmp_path: Path, save: Callable[[Path, str], None]) -> None:
    await saved(tmp_path, save, 3)


@pytest.mark.slow
@pytest.mark.parametrize("save", STYLES, ids=lambda save: save.__name__)
async def test_twenty_saves(tmp_path: Path, save: Callable[[Path, str], None]) -> None:
    await saved(tmp_path, save, 20)


async def test_saving_the_same_again_is_no_edit(tmp_path: Path) -> None:
    (tmp_path / "flow.yaml").write_text(FLOW)
    async with live(tmp_path) as run:
        vim(tmp_path / "flow.yaml", FLOW)
        await run.stage.feed.reread()
        os.utime(tmp_path / "flow.yaml")
        await run.stage.feed.reread()
        assert run.state.revision == 1
        assert run.plan is None


async def test_a_save_in_two_halves_is_not_refused_between_them(tmp_path: Path) -> None:
    import asyncio

    path = tmp_path / "flow.yaml"
    path.write_text(FLOW)
    async with live(tmp_path) as run:
        whole = text(1)
        with path.open("w") as file:
            file.write(whole[: len(whole) // 2] + "{")
            file.flush()
            looking = asyncio.ensure_future(run.stage.feed.reread())
            await asyncio.sleep(0.1)
            file.seek(0)
            file.write(whole)
        await looking
        await run.until(lambda: _timeout(run) == 101, "the whole of it was taken up", 3)
        assert run.rows("SELECT count(*) FROM event WHERE kind = 'reload_rejected'") == [(0,)]


async def test_a_file_that_cannot_be_read_is_refused_and_seen_when_it_can(tmp_path: Path) -> None:
    path = tmp_path / "flow.yaml"
    path.write_text(FLOW)
    async with live(tmp_path) as run:
        path.unlink()
        path.mkdir()
        await run.until(lambda: run.rejected, "a folder is no flow", 3)
        path.rmdir()
        path.write_text(text(3))
        await run.until(lambda: _timeout(run) == 103, "it is a file again", 3)
        assert run.rejected is None
