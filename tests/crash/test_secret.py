"""M1 with a screen: the value of a secret parameter stands nowhere but in the processes that use it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.crash.screen import Screen
from tests.end_to_end.bench import Folder, wait_for

SECRET = "s3cr3t-Kp9x-Wq7Z-valu3"
FLOW = """
params:
  token: {type: string, secret: true}
  login: {type: object, secret: true}
handlers: [handlers.py]
steps:
  work:
    type: python
    for_each: [1, 2, 3, 4]
    parallel: 2
    on_error: continue
    env: {TOKEN: "{{ params.token }}"}
    inputs: {operation: custom, handler: work, given: "{{ params.token }}"}
  returned:
    type: python
    on_error: continue
    inputs: {code: "result = [params['token']]"}
  listed:
    type: python
    on_error: continue
    for_each: ["{{ params.token }}"]
    inputs: {code: "result = 1"}
  told:
    type: shell
    needs: [work]
    for_each: [1, 2]
    on_error: continue
    env: {PASSWORD: "{{ params.login.password }}"}
    inputs: {command: 'echo "$PASSWORD {{ params.token }}" | tee /dev/stderr; test {{ item }} = 1'}
  failing:
    type: shell
    needs: [work]
    on_error: continue
    inputs: {command: 'echo "{{ params.token }}" >&2; exit 7'}
  rendered:
    type: template
    needs: [work]
    on_error: continue
    inputs: {template: "token {{ params.token }}", output: out.txt}
"""
HANDLERS = """
import os, sys, time

def work(item, params, given, progress):
    print("whole", given, "and", params["login"]["password"])
    half = len(given) // 2
    sys.stdout.write(given[:half]); sys.stdout.flush(); time.sleep(0.2); sys.stdout.write(given[half:] + chr(10))
    os.write(1, given.encode() + b" raw" + bytes([10]))
    os.system("echo child $TOKEN")
    open(f"started{item}", "w").close()
    while not os.path.exists("go"):
        time.sleep(0.01)
    if item == 2:
        raise ValueError(f"{given} refused")
    if item == 3:
        raise RuntimeError(params)
    if item == 4:
        return {"given": given}
    return len(given)
"""
PASSWORD = "p4ssw0rd-Jh2f-uNiQue"


def places(folder: Folder) -> list[str]:
    """Files of the run, and command lines of all processes, that hold one of the values."""
    words = (SECRET.encode(), PASSWORD.encode())
    found = []
    for file in (folder.path / ".wf-tui").rglob("*"):
        if file.is_file() and any(word in file.read_bytes() for word in words):
            found.append(str(file))
    for number in os.listdir("/proc"):
        if number.isdigit():
            try:
                line = Path(f"/proc/{number}/cmdline").read_bytes()
            except OSError:
                continue
            if any(word in line for word in words):
                found.append(f"{number}: {line!r}")
    return found


@pytest.mark.slow
def test_a_secret_is_on_no_screen_and_in_no_file(folder: Folder) -> None:
    folder.write("flow.yaml", FLOW)
    folder.write("handlers.py", HANDLERS)
    folder.write("login.json", f'{{"user": "me", "password": "{PASSWORD}"}}')
    given = ("token=env:MINE", "login=@login.json")
    with Screen(folder.path, "flow.yaml", *given, MINE=SECRET) as screen:
        wait_for((folder.path / "started2").exists, "items run")
        screen.see("whole ***", seconds=30)
        assert places(folder) == []
        process = screen.pid
        os.kill(process, 9)
        screen.wait()
        seen = screen.raw
    assert places(folder) == [], "after a kill too: the write-ahead log is there"
    (folder.path / "go").touch()
    with Screen(folder.path, "flow.yaml", "--resume", *given, MINE=SECRET) as screen:
        screen.see("FAILED", seconds=40)
        for keys in (
            "2",
            "\r",
            "j",
            "j",
            "\x1b",
            "3",
            "\r",
            "\r",
            "j",
            "\r",
            "\x1b",
            "\x1b",
            "4",
            "w",
            "d",
            "\x1b",
            "f",
            "Y",
            "\x1b",
        ):
            screen.press(keys)
            screen.read(0.1)
        screen.press("W")
        screen.read(0.5)
        for keys in ("\x1b", "\x1b", "1", "q"):
            screen.press(keys)
            screen.read(0.4)
        assert screen.wait() == 1
        seen += screen.raw
    assert b"***" in seen
    for word in (SECRET, PASSWORD):
        assert word.encode() not in seen
        assert word[:12].encode() not in seen, "nor half of it"
    assert places(folder) == []
    for words in (
        ["show"],
        ["show", "--json"],
        ["failed", "--json"],
        ["failed", "--group"],
        ["logs"],
        ["logs", "told"],
        ["result", "told"],
    ):
        assert not any(word in folder.ok(*words) for word in (SECRET, PASSWORD)), words
    steps = {step["name"]: step for step in folder.show()["steps"]}
    assert steps["returned"]["failed"] == 1, "a result that holds it is an error"
    assert "secret" in folder.ok("failed")
    folder.ok("export", "latest", "copy.db")
    for file in (*folder.path.glob("failed-*.jsonl"), folder.path / "copy.db"):
        data = file.read_bytes()
        assert SECRET.encode() not in data
        assert PASSWORD.encode() not in data
