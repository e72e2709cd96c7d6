"""Where runs live, who holds them, what a resume keeps, and what must never be seen."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.end_to_end.bench import COMMAND, EFFECT, Folder, kill, wait_for

SIMPLE = """
steps:
  work:
    type: python
    for_each: [1, 2, 3]
    inputs:
      code: result = item * FACTOR
"""
WAITING = """
steps:
  work:
    type: python
    for_each: [1, 2, 3]
    inputs:
      code: |
        import os, time
        open(f"started{item}-{run}", "w").close()
        while not os.path.exists("go"):
            time.sleep(0.01)
        result = item
"""


def test_two_flows_in_one_folder(folder: Folder) -> None:
    folder.write("one.yaml", SIMPLE.replace("FACTOR", "10"))
    folder.write("two.yaml", SIMPLE.replace("FACTOR", "200"))
    folder.run("one.yaml")
    folder.run("two.yaml")
    assert folder.results("work", "one.yaml") == [10, 20, 30]
    assert folder.results("work", "two.yaml") == [200, 400, 600]
    runs = json.loads(folder.ok("runs", "--json"))["runs"]
    assert [run["flow"] for run in runs] == ["two", "one"], "newest first"
    assert len(folder.ok("runs", "--flow", "one.yaml").splitlines()) == 2
    asked = folder.wf("retry")
    assert asked.returncode == 2
    assert "one" in asked.stderr
    assert "two" in asked.stderr
    before = json.loads(folder.ok("show", "one.yaml", "--json"))
    resumed = folder.run("one.yaml", "--resume")
    assert "nothing to resume" in resumed.stderr
    assert json.loads(folder.ok("show", "one.yaml", "--json"))["finished"] == before["finished"]


def test_a_plan_without_a_flow_is_that_of_the_latest_run(folder: Folder) -> None:
    folder.write("one.yaml", SIMPLE.replace("FACTOR", "10"))
    folder.write("two.yaml", SIMPLE.replace("FACTOR", "200"))
    folder.write("settings.yaml", "colour: blue\n")
    refused = folder.wf("plan")
    assert refused.returncode == 2
    assert "Name the flow, as in `wf-tui plan one.yaml`. Here are: one.yaml, two.yaml.\n" in refused.stderr
    folder.run("one.yaml")
    assert folder.wf("plan").stderr == ""
    assert folder.show("one.yaml")["run"] in folder.ok("plan")
    folder.run("two.yaml")
    planned = folder.wf("plan")
    assert "of two.yaml, the latest here. There are runs of one.yaml too" in planned.stderr
    assert folder.show("two.yaml")["run"] in planned.stdout
    assert folder.show("one.yaml")["run"] in folder.ok("plan", "--flow", "one.yaml")


HALF = """
steps:
  work:
    type: python
    for_each: [1, 2, 3, 4]
    on_error: continue
    inputs:
      code: |
        if item % 2: raise ValueError("odd")
"""


def test_a_command_that_takes_a_run_by_itself_names_it_and_tells_of_the_failed_items_of_other_flows(
    folder: Folder,
) -> None:
    folder.write("one.yaml", HALF)
    folder.write("two.yaml", SIMPLE.replace("FACTOR", "1"))
    folder.run("one.yaml")
    assert folder.wf("failed").stderr == "", "there is one flow only"
    first = folder.show("one.yaml")["run"]
    folder.run("two.yaml")
    second = folder.show("two.yaml")["run"]
    asked = folder.wf("failed")
    assert asked.stdout == ""
    assert f"Run {second} of two.yaml, the latest here. There are runs of one.yaml too" in asked.stderr
    assert f"Run {second} of two.yaml: nothing failed." in asked.stderr
    assert f"The latest run of one.yaml, {first}, has 2 failed items:  wf-tui failed --run {first}" in asked.stderr
    for command in (["result", "work"], ["logs"], ["export", "latest", "out.db"]):
        assert f"Run {second} of two.yaml, the latest here" in folder.wf(*command).stderr
    for named in (["--flow", "one.yaml"], ["--run", first], ["--run", "one.yaml"]):
        assert folder.wf("failed", *named).stderr == ""
    assert folder.wf("failed", "--run", second).stderr == f"Run {second} of two.yaml: nothing failed.\n"


def test_failures_that_a_flow_tolerates_are_told_beside_what_the_run_came_to(folder: Folder) -> None:
    folder.write("flow.yaml", HALF)
    folder.run()
    run = folder.show()["run"]
    assert "succeeded, 2 failed" in folder.ok("runs")
    assert "status    succeeded, 2 failed" in folder.ok("show")
    resumed = folder.run("--resume")
    assert f"The latest run, {run}, succeeded with 2 items failed: there is nothing to resume" in resumed.stderr
    assert f"wf-tui retry --run {run}" in resumed.stderr
    again = folder.run()
    assert f"The earlier run {run} is over, 2 items failed." in again.stderr
    assert f"To run only those again:  wf-tui retry --run {run}" in again.stderr


def test_a_new_run_says_what_it_leaves_behind_and_what_would_go_on_with_it(folder: Folder) -> None:
    folder.write("flow.yaml", HALF.replace("    on_error: continue\n", "").replace("item % 2", "item == 3"))
    folder.run(code=1)
    run = folder.show()["run"]
    begun = folder.run(code=1)
    assert f"The earlier run {run} has failed with 3 of 4 items done, and is left as it is" in begun.stderr
    assert "To go on with it instead:  wf-tui flow.yaml --headless --resume\n" in begun.stderr
    left = folder.wf("show", run)
    assert "failed" in left.stdout
    named = folder.wf("flow.yaml", "--headless", "--resume", "--run", run)
    assert f"wf-tui {folder.path}/flow.yaml --resume --run {run}" in named.stdout, (
        "a later run is what --resume alone takes"
    )


def test_a_launch_from_another_folder(folder: Folder, tmp_path: Path) -> None:
    folder.write("handlers.py", "import os\n\ndef work(item):\n    return [item, os.getcwd()]\n")
    folder.write(
        "flow.yaml",
        "handlers: [handlers.py]\nsteps:\n  work:\n    type: python\n    for_each: {glob: 'in/*.txt'}\n"
        "    inputs: {operation: custom, handler: work}\n",
    )
    (folder.path / "in").mkdir()
    for name in ("b.txt", "a.txt"):
        folder.write(f"in/{name}", "")
    other = Folder(tmp_path / "other")
    done = other.run(str(folder.path / "flow.yaml"))
    assert "succeeded" in done.stdout
    assert not list(other.path.iterdir()), "nothing is written where the command was typed"
    found = other.results("work", str(folder.path / "flow.yaml"))
    assert [os.path.basename(name) for name, _ in found] == ["a.txt", "b.txt"]
    assert {where for _, where in found} == {str(folder.path)}
    assert (folder.path / ".wf-tui").stat().st_mode & 0o777 == 0o700
    link = other.path / "link.yaml"
    link.symlink_to(folder.path / "flow.yaml")
    assert other.show("link.yaml")["status"] == "succeeded", "a flow is its real path"


def test_two_runs_at_once_and_one_holder(folder: Folder) -> None:
    folder.write("flow.yaml", WAITING)
    first = folder.start("flow.yaml", "--headless")
    wait_for(lambda: list(folder.path.glob("started1-*")), "the first run is at work")
    refused = folder.wf("flow.yaml", "--headless", "--resume")
    assert refused.returncode == 75
    assert str(first.pid) in refused.stderr, "the holder is named"
    assert "start another run with --new" in refused.stderr
    retried = folder.wf("retry")
    assert retried.returncode == 75
    assert "Retry in its dashboard if it has one, with r or R; else wait for it." in retried.stderr
    assert "--new" not in retried.stderr
    assert folder.show()["status"] == "running"
    second = folder.start("flow.yaml", "--headless", "--new")
    wait_for(lambda: len(list(folder.path.glob("started1-*"))) == 2, "both are at work")
    assert [run["status"] for run in json.loads(folder.ok("runs", "--json"))["runs"]] == ["running", "running"]
    (folder.path / "go").touch()
    for process in (first, second):
        process.communicate(timeout=30)
        assert process.returncode == 0
    assert [run["status"] for run in json.loads(folder.ok("runs", "--json"))["runs"]] == ["succeeded"] * 2


def test_a_resume_after_an_edit(folder: Folder) -> None:
    handlers = (
        EFFECT
        + "\ndef work(item):\n    effect(item)\n    if item == 3:\n        raise ValueError('three')\n    return ['old', item]\n"
    )
    folder.write("handlers.py", handlers)
    flow = (
        "handlers: [handlers.py]\nsteps:\n  work:\n    type: python\n    for_each: [1, 2, 3, 4]\n"
        "    inputs: {operation: custom, handler: work}\n"
    )
    folder.write("flow.yaml", flow)
    folder.run(code=1)
    assert folder.step("work")["pending"] == 1
    folder.write("handlers.py", handlers.replace("item == 3", "False").replace("'old'", "'new'"))
    planned = folder.ok("plan", "flow.yaml")
    assert "changed: its handler" in planned
    assert next(line.split()[:6] for line in planned.splitlines() if line.startswith("work")) == [
        "work", "go", "on", "2", "2", "2"
    ], "two run, two are kept, and are stale"  # fmt: skip
    assert folder.effects() == {"1": 1, "2": 1, "3": 1}, "planning runs nothing"
    resumed = folder.run("--resume")
    assert "the flow has changed since (work: its handler): it goes on as r2, what is done is kept" in resumed.stderr
    step = folder.step("work")
    assert folder.results("work") == [["old", 1], ["old", 2], ["new", 3], ["new", 4]]
    assert (step["succeeded"], step["stale"], folder.show()["revision"]) == (4, 2, 2)
    assert folder.effects() == {"1": 1, "2": 1, "3": 2, "4": 1}
    folder.run("--resume", "--rerun-stale")
    assert folder.results("work") == [["new", item] for item in (1, 2, 3, 4)]
    assert folder.step("work")["stale"] == 0


def test_comments_and_settings_make_nothing_stale(folder: Folder) -> None:
    folder.write("flow.yaml", SIMPLE.replace("FACTOR", "2"))
    folder.run()
    folder.write("flow.yaml", "# a comment\n" + SIMPLE.replace("FACTOR", "2") + "    retry: {max_attempts: 2}\n")
    folder.run("--resume", "--rerun-stale")
    assert folder.step("work")["stale"] == 0
    assert folder.step("work")["attempts"] == 3


def test_parameters_are_frozen(folder: Folder) -> None:
    folder.write("flow.yaml", "params: {n: 1}\n" + SIMPLE.replace("FACTOR", "(1 / (params['n'] - 1))"))
    folder.run(code=1)
    refused = folder.run("--resume", "n=3", code=2)
    assert "frozen" in refused.stderr
    folder.run("--resume", "n=1", code=1)


SECRET = "tr0ub4dor-and-3"
"""Long enough to stand nowhere by chance."""
SECRETIVE = """
params:
  token: {type: string, secret: true}
handlers: [handlers.py]
steps:
  work:
    type: python
    for_each: [1, 2]
    env: {TOKEN: "{{ params.token }}"}
    inputs: {operation: custom, handler: work}
  told:
    type: shell
    inputs: {command: 'test -n "{{ params.token }}" && echo "it is {{ params.token }}"'}
    on_error: continue
"""
SECRET_HANDLERS = """
import os, time

def work(item, params):
    print("the token is", params["token"], "or", os.environ["TOKEN"], "half", end=" ")
    print(params["token"][:5], end="")
    print(params["token"][5:])
    open("started", "w").close()
    while not os.path.exists("go"):
        time.sleep(0.01)
    if item == 2 and not os.path.exists("mended"):
        raise ValueError(f"{params['token']} was refused")
    return len(params["token"])
"""


def holds(folder: Folder, text: str) -> list[str]:
    state = folder.path / ".wf-tui"
    return [str(file) for file in state.rglob("*") if file.is_file() and text.encode() in file.read_bytes()]


def on_command_lines(text: str) -> list[str]:
    found = []
    for number in os.listdir("/proc"):
        if number.isdigit():
            try:
                words = Path(f"/proc/{number}/cmdline").read_bytes()
            except OSError:
                continue
            if text.encode() in words:
                found.append(number)
    return found


def test_a_secret_is_seen_nowhere(folder: Folder) -> None:
    folder.write("handlers.py", SECRET_HANDLERS)
    folder.write("flow.yaml", SECRETIVE)
    refused = folder.run("token=on-the-command-line", code=2)
    assert "token" in refused.stderr
    assert "env:" in refused.stderr, "it says how to give it"
    process = folder.start("flow.yaml", "--json", "token=env:MINE", env={"MINE": SECRET})
    wait_for((folder.path / "started").exists, "an item runs")
    assert on_command_lines(SECRET) == []
    assert holds(folder, SECRET) == []
    (folder.path / "go").touch()
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert SECRET not in output + errors
    assert '"***"' in output
    assert "*** was refused" in output
    assert holds(folder, SECRET) == []
    for words in (["show"], ["show", "--json"], ["failed", "--json"], ["logs"], ["runs", "--json"], ["result", "work"]):
        assert SECRET not in folder.ok(*words)
    assert folder.show()["params"] == {"token": "***"}
    assert "the token is *** or *** half ***" in folder.ok("logs", "work")

    missing = folder.run("--resume", code=2)
    assert "token" in missing.stderr
    assert "env:" in missing.stderr
    (folder.path / "mended").touch()
    done = folder.run("--resume", "token=env:MINE", env={"MINE": SECRET})
    assert SECRET not in done.stdout + done.stderr
    assert folder.results("work") == [len(SECRET)] * 2
    assert holds(folder, SECRET) == []


HOSTILE = [
    "$(touch pwn)",
    "`touch pwn`",
    "; touch pwn",
    '"; touch pwn; "',
    "a b",
    "-rf",
    "*",
    "~",
    "$HOME",
    "new\nline",
    "'",
]


def test_an_item_is_no_text_of_a_command(folder: Folder) -> None:
    folder.write("items.json", json.dumps(HOSTILE))
    folder.write(
        "flow.yaml",
        "params: {items: {type: list}}\nsteps:\n  work:\n    type: shell\n    for_each: '{{ params.items }}'\n"
        '    inputs:\n      command: |\n        printf \'%s|\' "{{ item }}" {{ item }} "${WF_ITEM}"\n',
    )
    folder.run("items=@items.json")
    printed = [result["stdout"] for result in folder.results("work")]
    assert [text.split("|")[:2] for text in printed] == [[item, item] for item in HOSTILE]
    assert not (folder.path / "pwn").exists()
    assert sorted(path.name for path in folder.path.iterdir()) == [".wf-tui", "flow.yaml", "items.json"]


def test_an_interrupted_run_is_named(folder: Folder) -> None:
    folder.write("flow.yaml", WAITING)
    process = folder.start("flow.yaml", "--headless")
    wait_for(lambda: list(folder.path.glob("started1-*")), "an item runs")
    kill(process)
    assert folder.show()["status"] == "interrupted", "its file says running, but nobody holds it"
    (folder.path / "go").touch()
    fresh = folder.run()
    assert "is interrupted" in fresh.stderr
    assert "--resume" in fresh.stderr
    states = [run["status"] for run in json.loads(folder.ok("runs", "--json"))["runs"]]
    assert states == ["succeeded", "interrupted"]


def test_resume_without_any_run_starts_one(folder: Folder) -> None:
    folder.write("flow.yaml", SIMPLE.replace("FACTOR", "2"))
    assert "no run" in folder.run("--resume").stderr
    assert "nothing to resume" in folder.run("--resume").stderr
    assert len(json.loads(folder.ok("runs", "--json"))["runs"]) == 1


@pytest.mark.parametrize("words", [["--resume", "--new"], ["--only", "work", "--from", "work"]])
def test_what_excludes_each_other(folder: Folder, words: list[str]) -> None:
    folder.write("flow.yaml", SIMPLE.replace("FACTOR", "2"))
    assert "exclude" in folder.run(*words, code=2).stderr


@pytest.mark.parametrize("kind", ["nfs4", "ext4"])
def test_a_network_file_system_is_warned_about(folder: Folder, kind: str) -> None:
    """Here by what the system says of its mounts; everything else is as it is."""
    folder.write("flow.yaml", SIMPLE.replace("FACTOR", "(1 / 0)"))
    folder.write("mounts", f"1 0 8:1 / / rw - ext4 /dev/root rw\n2 1 0:5 / {folder.path} rw - {kind} server:/ rw\n")
    program = (
        "from tui_workflow.store import places; places.MOUNTS = 'mounts'; from tui_workflow.cli import main; main()"
    )
    for words in ([], ["--resume"]):
        done = folder.wf("flow.yaml", "--headless", *words, command=(COMMAND[0], "-c", program))
        assert done.returncode == 1, done.stderr
        assert ("network file system (nfs4)" in done.stderr and "--state-dir" in done.stderr) == (kind == "nfs4")


def test_a_step_that_failed_without_an_item_is_no_nothing(folder: Folder) -> None:
    folder.write("handlers.py", "open('no-such-file.json')\ndef work(item): ...\n")
    steps = "steps:\n  work:\n    type: python\n    for_each: [1]\n    inputs: {operation: custom, handler: work}\n"
    folder.write("flow.yaml", f"handlers: [handlers.py]\n{steps}")
    folder.run(code=1)
    said = folder.wf("failed").stderr
    assert "no item failed." in said
    assert "Step work failed without an item: FileNotFoundError" in said
    assert "no-such-file.json" in said
