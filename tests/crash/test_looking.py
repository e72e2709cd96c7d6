"""O1, Y, J1, F1, M2: looking executes nothing, hostile files are refused at once, names lead nowhere."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from tests.crash.screen import Screen
from tests.end_to_end.bench import Folder

TRAP = "import os; os.open({!r} + '/trapped', os.O_CREAT)\n"
TRAPS = """
name: traps
params:
  list: {type: list, default: [1, 2]}
handlers: [handlers.py]
env: {LD_X: "{{ cycler.__init__.__globals__.os.system('touch trapped') }}"}
steps:
  code:
    type: python
    inputs: {code: "open('trapped', 'w')"}
  handler:
    type: python
    for_each: "{{ params.list }}"
    key: "{{ lipsum.__globals__['os'].popen('touch trapped').read() }}"
    parallel: "{{ 2 }}"
    if: "{{ ''.__class__.__mro__[1].__subclasses__() }}"
    inputs: {operation: custom, handler: work}
    on_progress: |
      open('trapped', 'w')
      def update_progress(done, total): open('trapped', 'w')
  command:
    type: shell
    inputs: {command: "touch trapped"}
on_failure:
  tidy: {type: shell, inputs: {command: "touch trapped"}}
notify: {on: [finished, failed], command: "touch trapped"}
"""


@pytest.fixture
def traps(folder: Folder) -> Folder:
    """A flow that leaves a file wherever it is executed, and modules that do so when they are imported."""
    trap = TRAP.format(str(folder.path))
    folder.write("flow.yaml", TRAPS)
    folder.write("handlers.py", trap + "def work(item):\n    pass\n")
    for name in (
        "yaml",
        "json",
        "click",
        "jinja2",
        "sqlite3",
        "textual",
        "queue",
        "conftest",
        "sitecustomize_",
        "handlers_",
    ):
        folder.write(f"{name}.py", trap)
    return folder


def test_looking_executes_nothing(traps: Folder) -> None:
    trapped = traps.path / "trapped"
    for words in (
        ["check", "flow.yaml"],
        ["plan", "flow.yaml"],
        ["schema"],
        ["runs"],
        ["help"],
        ["show"],
        ["check", "flow.yaml", "--json"],
    ):
        done = traps.wf(*words)
        assert "Traceback" not in done.stderr, words
        assert done.returncode in (0, 2, 65), words
        assert not trapped.exists(), words


def test_opening_a_stored_run_executes_nothing(traps: Folder) -> None:
    traps.write(
        "flow.yaml", "steps:\n  work:\n    type: python\n    for_each: [1, 2]\n    inputs: {code: 'result = item'}\n"
    )
    for file in traps.path.glob("*.py"):
        file.rename(file.with_suffix(".kept"))
    traps.run()
    for file in traps.path.glob("*.kept"):
        file.rename(file.with_suffix(".py"))
    traps.write("flow.yaml", TRAPS)
    with Screen(traps.path, "open") as screen:
        screen.see("work", "SUCCEEDED")
        for keys in ("2", "\r", "\x1b", "d", "\x1b", "H", "\x1b", "P", "\x1b", "1"):
            screen.press(keys)
            screen.read(0.3)
        screen.press("q")
        assert screen.wait() == 0
    for words in (["show"], ["result", "work"], ["logs"], ["failed"], ["export", "latest", "copy.db"], ["gc"]):
        traps.ok(*words)
    assert not (traps.path / "trapped").exists()


def test_modules_beside_the_flow_are_not_the_engines(traps: Folder) -> None:
    """Nor the worker's: the folder of the flow comes last when modules are looked up."""
    (traps.path / "handlers.py").unlink()
    traps.write(
        "flow.yaml",
        "steps:\n  work:\n    type: python\n    for_each: [1]\n    inputs: {code: 'import json, queue, sqlite3; result = item'}\n",
    )
    traps.run()
    assert not (traps.path / "trapped").exists()


def test_a_saved_edit_is_tried_in_a_worker_and_never_in_the_engine(traps: Folder) -> None:
    """Beside the flow lie modules with the names of Python's own; a handler file that is saved says by whom it is imported."""
    (traps.path / "handlers.py").write_text("def work(item):\n    return item\n")
    quiet = "handlers: [handlers.py]\nsteps:\n  work:\n    type: python\n    for_each: [1, 2]\n    inputs: {operation: custom, handler: work}\n"
    traps.write("flow.yaml", quiet)
    told = f"import os\nopen({str(traps.path)!r} + '/importers', 'a').write(f'{{os.getpid()}} ')\ndef work(item):\n    return -item\n"
    with Screen(traps.path, "flow.yaml") as screen:
        screen.see("SUCCEEDED")
        traps.write("handlers.py", told)
        screen.see("r2")
        traps.write("flow.yaml", TRAPS)
        screen.read(2.0)
        assert not (traps.path / "trapped").exists()
        importers = (traps.path / "importers").read_text().split()
        assert str(screen.pid) not in importers
        os.kill(screen.pid, 9)
        screen.wait()
    assert not (traps.path / "trapped").exists()


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join('*' + chr(97 + n) for _ in range(9))}]\n" for n in range(9)
)
MERGES = "a: &a {x: 1}\n" + "".join(
    f"m{n}: &m{n} {{<<: [{', '.join(['*m' + str(n - 1) if n else '*a'] * 9)}]}}\n" for n in range(9)
)
REFUSED = {
    "python tag": "steps: !!python/object/apply:os.system ['touch trapped']\n",
    "python name": "steps: {a: !!python/name:os.system }\n",
    "alias bomb": BOMB,
    "merge bomb": MERGES,
    "recursion": "steps: &a\n  work: *a\n",
    "nesting": "steps: " + "[" * 1000 + "]" * 1000 + "\n",
    "deep blocks": "".join(" " * n + "a:\n" for n in range(1000)),
    "nul": "steps: {a: '\0'}\n",
    "large": "steps: {}\n# " + "x" * 10_000_000 + "\n",
    "duplicate": "steps: {}\nsteps: {}\n",
    "binary": "".join(map(chr, range(128, 256))),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_flow_is_refused_at_once(folder: Folder, name: str) -> None:
    folder.write("flow.yaml", REFUSED[name])
    folder.wf("help")  # so that reading the program from disk is not what is measured
    begin = time.monotonic()
    for words in (["check", "flow.yaml"], ["flow.yaml", "--headless"]):
        done = folder.wf(*words)
        assert done.returncode == 65, (name, done.returncode, done.stderr[:500])
        assert "Traceback" not in done.stderr
        assert len(done.stdout + done.stderr) < 5000
    assert time.monotonic() - begin < 8, "two starts of the program, and little more"
    assert not (folder.path / "trapped").exists()


@pytest.mark.parametrize(
    "expression",
    [
        "{{ 'x' * 10**8 }}",
        "{{ 10**(10**7) }}",
        "{{ '%0900000000d' % 1 }}",
        "{{ [0] * 10**9 }}",
        "{{ range(10**9) | list }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ ''|attr('format')('{0.__class__}') }}",
        "{{ '{0.__class__.__init__.__globals__}'.format(1) }}",
        "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
    ],
)
@pytest.mark.slow
def test_an_expression_costs_its_item_and_no_more(folder: Folder, expression: str) -> None:
    folder.write(
        "flow.yaml",
        "steps:\n  work:\n    type: python\n    for_each: [1]\n    on_error: continue\n    timeout: 20\n"
        f"    inputs: {{item: {expression!r}, code: 'result = 1'}}\n",
    )
    begin = time.monotonic()
    done = folder.wf("flow.yaml", "--headless")
    assert time.monotonic() - begin < 15
    assert done.returncode in (0, 65), done.stderr
    if done.returncode == 0:
        assert folder.step("work")["failed"] == 1


HOSTILE_EXPRESSIONS = """
params: {n: 99999}
steps:
  listed:
    type: python
    needs: []
    for_each: "{{ [1] + EXPRESSION }}"
    on_error: continue
    timeout: 3
    inputs: {code: result = item}
  asked:
    type: python
    needs: []
    if: "{{ EXPRESSION }}"
    on_error: continue
    timeout: 3
    inputs: {code: result = 1}
  slots:
    type: python
    needs: []
    for_each: [1]
    on_error: continue
    timeout: 3
    parallel: "{{ EXPRESSION }}"
    inputs: {code: result = 1}
  given:
    type: python
    needs: []
    for_each: [1]
    on_error: continue
    timeout: 3
    inputs: {given: "{{ EXPRESSION }}", code: result = 1}
"""
LONG = "[" + ", ".join(["range(params.n)|map('string')|join('')|length"] * 900) + "]|sum"
"""Some minutes of work, each part of which is within every limit."""


@pytest.mark.parametrize(
    "expression",
    [pytest.param(LONG, marks=pytest.mark.slow), "'x' * 10**8", "10**(10**7)", "10**70"],
    ids=["long", "text", "power", "many slots"],
)
def test_the_screen_stays_alive_whatever_is_evaluated(folder: Folder, expression: str) -> None:
    folder.write("flow.yaml", HOSTILE_EXPRESSIONS.replace("EXPRESSION", expression))
    with Screen(folder.path, "flow.yaml") as screen:
        screen.see("listed", "given")
        slowest = 0.0
        for _ in range(4):
            begin = time.monotonic()
            screen.press("?")
            screen.see("Help", seconds=5)
            slowest = max(slowest, time.monotonic() - begin)
            screen.press("q")
            screen.lose("Help", seconds=5)
            screen.read(0.1)
        assert slowest < 1.5
        screen.see("FAILED", seconds=40)
        screen.press("q")
        assert screen.wait() == 1
    steps = {step["name"]: step for step in folder.show()["steps"]}
    assert [steps[name]["status"] for name in ("listed", "slots")] == ["failed", "failed"]
    if expression != "10**70":  # which is a number like others, but not one of slots
        assert steps["asked"]["status"] == "failed"
        assert steps["given"]["failed"] == 1


@pytest.mark.slow
def test_keys_and_paths_lead_nowhere(folder: Folder, tmp_path: Path) -> None:
    folder.write("keys.json", '["../../x", "/etc/x", "a\\u0000b", "' + "k" * 300 + '", "..", "a/b", "~"]')
    folder.write(
        "flow.yaml",
        "params: {keys: {type: list}}\nsteps:\n  work:\n    type: python\n    for_each: '{{ params.keys }}'\n"
        "    key: '{{ item }}'\n    on_error: continue\n    inputs: {code: 'print(item); result = item'}\n"
        "  written:\n    type: template\n    for_each: '{{ params.keys }}'\n    on_error: continue\n"
        "    inputs: {template: 'x', output: '{{ item }}'}\n"
    )  # fmt: skip
    before = set(tmp_path.rglob("*"))
    folder.run("keys=@keys.json")
    made = {
        str(path.relative_to(folder.path)) for path in set(tmp_path.rglob("*")) - before if ".wf-tui" not in str(path)
    }
    assert made <= {"a", "a/b", "~", "k" * 300}
    assert not Path("/etc/x").exists()
    assert not (tmp_path.parent / "x").exists()
    written = folder.step("written")
    assert written["failed"] >= 5
    done = {path.name for path in (folder.path / ".wf-tui").rglob("*")}
    assert all(name.endswith((".db", ".gitignore", "runs")) for name in done), done
    folder.ok("logs", "work", "../../x")
    for name in ("../x", "a b", "", "x" * 5000):
        folder.write("bad.yaml", f"steps:\n  {name!r}: {{type: shell, inputs: {{command: 'true'}}}}\n")
        assert folder.wf("check", "bad.yaml").returncode == 65


def test_files_are_private_whatever_the_umask(folder: Folder) -> None:
    folder.write("flow.yaml", "steps:\n  work:\n    type: shell\n    inputs: {command: 'ls -la .wf-tui/runs; umask'}\n")
    old = os.umask(0)
    try:
        folder.run()
    finally:
        os.umask(old)
    listed = folder.results("work")[0]["stdout"]
    assert "-rw-rw-rw-" not in listed
    assert listed.split("\n")[-2] == "0000", "commands have the umask of the person"
    for path in (folder.path / ".wf-tui").rglob("*"):
        assert not path.stat().st_mode & 0o077, path
    state = folder.path / ".wf-tui"
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    elsewhere = folder.path / "elsewhere"
    elsewhere.mkdir()
    state.rename(folder.path / "kept")
    state.symlink_to(elsewhere)
    assert folder.run(code=73).stderr
    assert list(elsewhere.iterdir()) == []
