"""Items are who they are, not where they stand: what is inserted, removed or moved between a kill and a resume."""

from __future__ import annotations

import pytest

from tests.crash import trace
from tests.end_to_end.bench import Folder, gone_within, kill, wait_for

HANDLERS = (
    trace.PYTHON
    + """
def work(item, attempt):
    mark("+", item, attempt)
    while item == "d" and not os.path.exists("go"):
        time.sleep(0.01)
    mark("-", item, attempt)
    return item.upper()
"""
)
FLOW = """
handlers: [handlers.py]
steps:
  work:
    type: python
    for_each: {file: items.txt}
    KEY
    checkpoint: each
    inputs: {operation: custom, handler: work}
"""


@pytest.mark.parametrize("key", ["", 'key: "{{ item }}"'], ids=["by content", "by key"])
@pytest.mark.parametrize("later", ["x a b c d e", "a c d e", "d a", "e d c b a", "e x d b a y", "a a b c d e e"])
def test_a_resume_knows_its_items_wherever_they_stand(folder: Folder, key: str, later: str) -> None:
    if key and "a a" in later:
        pytest.skip("a second item of the same key is an error, which another test is about")
    folder.write("handlers.py", HANDLERS)
    folder.write("flow.yaml", FLOW.replace("KEY", key))
    folder.write("items.txt", "\n".join("abcde") + "\n")
    process = folder.start("flow.yaml", "--headless")
    log = folder.path / "effects.log"
    wait_for(lambda: trace.begun(trace.read(log))["d"], "d is in flight")
    kill(process)
    gone_within(folder.path)
    items = later.split()
    folder.write("later.txt", "\n".join(items) + "\n")
    folder.write("flow.yaml", FLOW.replace("KEY", key).replace("items.txt", "later.txt"))
    folder.write("go", "")
    folder.run("--resume")
    begun = trace.begun(trace.read(log))
    for item in set("abcde").union(items):
        done_before = item in "abc"
        wanted = max(done_before, items.count(item)) + (item == "d")
        assert begun[item] == wanted, item
    assert folder.results("work") == [item.upper() for item in items]
