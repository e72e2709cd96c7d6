"""A mended item in front of a chain of steps costs its own items in each of them, and none that is done."""

from __future__ import annotations

import pytest

from tests.end_to_end.bench import EFFECT, Folder

HANDLERS = (
    EFFECT
    + """
def fetch(item):
    if item in (3, 10) and not os.path.exists(f"mended-{item}"):
        raise ConnectionError("down")
    return {"page": item}

def score(item):
    effect(f"score-{item['result']['page']}")
    return {"page": item["result"]["page"], "points": 7}

def pay(item):
    effect(f"pay-{item['result']['page']}")

def report(item):
    effect(f"report-{item['key']}-{item['attempts']}")
"""
)
FLOW = """
handlers: [handlers.py]
steps:
  fetch:
    type: python
    for_each: {{range: 20}}
    on_error: continue
    inputs: {{operation: custom, handler: fetch}}
  score:
    type: python
    for_each: "{{{{ steps.fetch.completed_items }}}}"
    inputs: {{operation: custom, handler: score}}
  pay:
    type: python
    for_each: "{{{{ steps.score.completed_items }}}}"
    {key}
    inputs: {{operation: custom, handler: pay}}
  report:
    type: python
    for_each: "{{{{ steps.fetch.failed_items }}}}"
    inputs: {{operation: custom, handler: report}}
"""


@pytest.mark.parametrize("key", ["", 'key: "{{ item.key }}"'])
def test_every_item_of_a_chain_is_paid_once(folder: Folder, key: str) -> None:
    folder.write("handlers.py", HANDLERS)
    folder.write("flow.yaml", FLOW.format(key=key))
    folder.run()
    assert sum(word.startswith("pay") for word in folder.effects()) == 18
    for item in (10, 3):  # the later one first: the other moves it in every list
        folder.write(f"mended-{item}", "")
        failed = next(record for record in folder.failed() if record["item"] == item)
        folder.ok("retry", "--key", failed["key"])
    ran = list(folder.effects().elements())
    paid = [word for word in ran if word.startswith(("score", "pay"))]
    assert sorted(paid) == sorted(f"{step}-{page}" for step in ("score", "pay") for page in range(20))
    assert sum(word.startswith("report") for word in ran) == 2, "what left the list of the failed moved another in it"
    assert folder.show()["status"] == "succeeded"


LAST = """  last:
    type: python
    inputs: {code: "import os; os.stat('mended-last')"}
"""


def test_a_key_that_is_edited_costs_nothing_that_is_done(folder: Folder) -> None:
    folder.write("handlers.py", HANDLERS)
    flow = FLOW.format(key="") + LAST
    folder.write("flow.yaml", flow)
    folder.run(code=1)
    before = folder.effects()
    flow = FLOW.format(key='key: "{{ item.key }}"') + LAST
    folder.write("flow.yaml", flow.replace("{range: 20}", '{range: 20}\n    key: "page-{{ item }}"'))
    folder.write("mended-last", "")
    folder.run("--resume")
    after = folder.effects()
    assert {word: count for word, count in after.items() if word.startswith("pay")} == {
        word: count for word, count in before.items() if word.startswith("pay")
    }
    assert {record["key"] for record in folder.failed()} == {"page-3", "page-10"}


def test_a_step_that_is_asked_for_by_name_does_nothing_twice(folder: Folder) -> None:
    folder.write("handlers.py", HANDLERS)
    folder.write("flow.yaml", FLOW.format(key=""))
    folder.run()
    before = folder.effects()
    folder.run("--resume", "--only", "pay")
    folder.run("--resume", "--from", "score")
    after = folder.effects()
    assert after == before
    folder.write("mended-3", "")
    folder.run("--resume", "--from", "fetch")
    new = {word: count for word, count in (folder.effects() - before).items() if not word.startswith("report")}
    assert new == {"score-3": 1, "pay-3": 1}
