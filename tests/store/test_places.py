from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.store.facts import META, started
from tui_workflow.errors import StateDirError, UsageError
from tui_workflow.facts import events as ev
from tui_workflow.store import places
from tui_workflow.store.files import make_state_dir
from tui_workflow.store.journal import Journal
from tui_workflow.store.lock import RunLock
from tui_workflow.store.meta import RunMeta


async def make_run(home: Path, run: str, flow: Path, *facts: ev.Event) -> Path:
    path = places.run_path(home, run)
    async with Journal.create(path, RunMeta(run, "demo", os.path.realpath(flow))) as journal:
        journal.append([ev.RunStarted(1.0, run, "demo", os.path.realpath(flow), 1, "here"), *started()[1:], *facts])
    return path


def status(run: places.StoredRun) -> str | None:
    return run.state.status if run.state is not None else None


def test_the_state_directory_is_private_whatever_the_umask(tmp_path: Path) -> None:
    for umask in (0o000, 0o777):
        home = tmp_path / str(umask)
        home.mkdir()
        before = os.umask(umask)
        try:
            runs = make_state_dir(home / ".wf-tui")
            assert make_state_dir(home / ".wf-tui") == runs
        finally:
            os.umask(before)
        assert stat.S_IMODE(runs.stat().st_mode) == 0o700
        assert stat.S_IMODE(runs.parent.stat().st_mode) == 0o700
        assert (runs.parent / ".gitignore").read_text() == "*\n"
        assert stat.S_IMODE((runs.parent / ".gitignore").stat().st_mode) == 0o600


async def test_run_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    runs = make_state_dir(tmp_path / ".wf-tui")
    before = os.umask(0)
    try:
        async with Journal.create(runs / "a.db", META) as journal:
            journal.append(started())
            await journal.flush()
            assert {stat.S_IMODE(path.stat().st_mode) for path in runs.iterdir()} == {0o600}
            assert len(list(runs.iterdir())) == 3
    finally:
        os.umask(before)


@pytest.mark.parametrize("what", [".wf-tui", ".wf-tui/runs"])
def test_a_planted_link_is_refused(tmp_path: Path, what: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / ".wf-tui").mkdir() if "/" in what else None
    (tmp_path / what).symlink_to(elsewhere)
    with pytest.raises(StateDirError, match="symbolic link") as caught:
        make_state_dir(tmp_path / ".wf-tui")
    assert caught.value.exit_code == 73
    assert not list(elsewhere.iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a directory away needs root")
@pytest.mark.parametrize("what", [".wf-tui", ".wf-tui/runs"])
def test_a_directory_of_another_user_is_refused(tmp_path: Path, what: str) -> None:
    (tmp_path / ".wf-tui" / "runs").mkdir(parents=True)
    os.chown(tmp_path / what, 12345, 12345)
    with pytest.raises(StateDirError, match="another user"):
        make_state_dir(tmp_path / ".wf-tui")


def test_a_file_in_its_place_is_said(tmp_path: Path) -> None:
    (tmp_path / ".wf-tui").write_text("x")
    with pytest.raises(StateDirError, match="not a directory"):
        make_state_dir(tmp_path / ".wf-tui")
    with pytest.raises(StateDirError, match="cannot be created"):
        make_state_dir(tmp_path / "missing" / ".wf-tui")


def test_the_order_of_places(tmp_path: Path) -> None:
    flow = tmp_path / "flows" / "f.yaml"
    here = tmp_path / "a" / "b"
    for folder in (flow.parent, here, tmp_path / "option", tmp_path / "variable"):
        folder.mkdir(parents=True)
    environment = {places.VARIABLE: str(tmp_path / "variable")}
    with pytest.raises(UsageError) as caught:
        places.find_home(None, None, {}, here)
    assert str(here / ".wf-tui") in str(caught.value)
    assert str(tmp_path / "a" / ".wf-tui") in str(caught.value)
    for home in (tmp_path / ".wf-tui", flow.parent / ".wf-tui", tmp_path / "variable", tmp_path / "option"):
        make_state_dir(home)
    assert places.find_home(None, None, {}, here) == tmp_path / ".wf-tui"
    make_state_dir(here / ".wf-tui")
    assert places.find_home(None, None, {}, here) == here / ".wf-tui"
    assert places.find_home(None, flow, {}, here) == flow.parent / ".wf-tui"
    assert places.find_home(None, flow, environment, here) == tmp_path / "variable"
    assert places.find_home(str(tmp_path / "option"), flow, environment, here) == tmp_path / "option"
    assert places.home_for(flow, None, {}) == flow.parent / ".wf-tui"
    link = tmp_path / "link.yaml"
    flow.touch()
    link.symlink_to(flow)
    assert places.home_for(link, None, {}) == flow.parent / ".wf-tui"


async def test_which_run_is_meant(tmp_path: Path) -> None:
    home = tmp_path / ".wf-tui"
    make_state_dir(home)
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    first = await make_run(home, "20260131-140501-k3f9", one)
    second = await make_run(home, "20260131-140501-k4aa", two)
    third = await make_run(home, "20260201-000000-aaaa", two)
    assert places.choose(home, None, None) == third
    assert places.choose(home, "latest", one) == first
    assert places.choose(home, "20260131-140501-k4", None) == second
    assert places.choose(home, "20260201", None) == third
    with pytest.raises(UsageError, match="beginning of 2 runs: 20260131-140501-k4aa, 20260131-140501-k3f9"):
        places.choose(home, "20260131", None)
    for text in ("nothing", "../runs/20260201-000000-aaaa", "\0", "."):
        with pytest.raises(UsageError):
            places.choose(home, text, None)
    with pytest.raises(UsageError):
        places.choose(home, None, tmp_path / "three.yaml")
    assert [run.run for run in places.list_runs(home)] == [third.stem, second.stem, first.stem]
    assert [run.run for run in places.of_flow(places.list_runs(home), one)] == [first.stem]


async def test_a_run_that_nobody_holds_is_interrupted(tmp_path: Path) -> None:
    home = tmp_path / ".wf-tui"
    make_state_dir(home)
    path = await make_run(home, "20260131-140501-k3f9", tmp_path / "f.yaml")
    (run,) = places.list_runs(home)
    assert (status(run), run.held, run.state and run.state.finished) == ("interrupted", False, None)
    with RunLock(path):
        (run,) = places.list_runs(home)
        assert (status(run), run.held) == ("running", True)
    await make_run(home, "20260131-140501-k3fa", tmp_path / "f.yaml", ev.RunFinished(9.0, "failed", "x"))
    places.run_path(home, "20260131-140501-k3fb").write_bytes(b"junk")
    runs = places.list_runs(home)
    assert [(run.run[-4:], status(run), bool(run.problem)) for run in runs] == [
        ("k3fa", "failed", False),
        ("k3f9", "interrupted", False),
        ("k3fb", None, True),
    ]


def test_ids_sort_by_age() -> None:
    ids = [places.new_id(1_800_000_000 + n * 0.0021) for n in range(2000)]
    assert ids == sorted(ids)
    assert all(map(places.is_id, ids))
    assert ids[0].startswith("20270115-080000-")
    assert not places.is_id("work")


def test_a_local_file_system_is_no_network(tmp_path: Path) -> None:
    assert places.remote_file_system(tmp_path) is None


@pytest.mark.parametrize(
    ("kind", "place", "found"),
    [
        ("nfs4", "", "nfs4"),
        ("fuse.sshfs", "", "fuse.sshfs"),
        ("nfs4", "/elsewhere", None),
        ("ext4", "", None),
    ],
)
def test_a_network_file_system_is_known_by_the_nearest_mount(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, place: str, found: str | None
) -> None:
    far = tmp_path / "far away"
    mounts = tmp_path / "mounts"
    written = f"{far}{place}".replace(" ", "\\040")
    mounts.write_text(f"1 0 8:1 / / rw shared:1 - ext4 /dev/root rw\n2 1 0:5 / {written} rw - {kind} server:/ rw\n")
    monkeypatch.setattr(places, "MOUNTS", str(mounts))
    assert places.remote_file_system(far / "runs") == found
    assert places.remote_file_system(tmp_path / "far") is None
