"""The text of a difference is one that `patch` takes."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tui_workflow.flow.load import load
from tui_workflow.flow.plan import HandlerFile, Plan
from tui_workflow.session.reload import text_diff

BEFORE = {
    "flow.yaml": "name: small\n# one\nsteps:\n  work: {type: shell, inputs: {command: 'true'}}\n",
    "lib/fetch.py": "-- a\nb\nc\x0cd\n",
    "gone.py": "x = 1\n",
    "open.py": "x = 1",
}
AFTER = {
    "flow.yaml": "name: small\n# two\nsteps:\n  work: {type: shell, inputs: {command: 'true'}}\n",
    "lib/fetch.py": "++ a\nb\nc\x0ce\n",
    "new.py": "y = 2\n",
    "open.py": "x = 1\n",
}


def saved(folder: Path, files: dict[str, str]) -> Plan:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
    handlers = tuple(HandlerFile(str(folder / name), text.encode()) for name, text in files.items() if "py" in name)
    return replace(load(folder / "flow.yaml"), handlers=handlers)


def test_the_difference_is_taken_by_patch(tmp_path: Path) -> None:
    folder = tmp_path.resolve()
    after = saved(folder, AFTER)
    (folder / "new.py").unlink()
    lines = text_diff(saved(folder, BEFORE), after)
    assert lines[:3] == ("--- a/flow.yaml", "+++ b/flow.yaml", "@@ -1,4 +1,4 @@")
    assert "+++ b/lib/fetch.py" in lines
    for heads in (("--- a/gone.py", "+++ /dev/null"), ("--- /dev/null", "+++ b/new.py")):
        assert lines[lines.index(heads[1]) - 1] == heads[0]
    assert "\\ No newline at end of file" in lines
    if shutil.which("patch") is None:
        pytest.skip("patch is not installed")
    text = "".join(f"{line}\n" for line in lines).encode()
    subprocess.run(["patch", "-p1", "--batch"], cwd=folder, input=text, check=True, capture_output=True)
    found = {path.relative_to(folder).as_posix(): path.read_bytes().decode() for path in folder.rglob("*.[py]*")}
    assert found == AFTER
