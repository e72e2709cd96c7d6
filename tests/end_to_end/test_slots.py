"""`max_parallel` is kept, and used."""

from __future__ import annotations

import pytest

from tests.end_to_end.bench import EFFECT, Folder, kill, wait_for

HANDLERS = (
    EFFECT
    + """
def work(item):
    effect("+")
    time.sleep(0.1)
    effect("-")
"""
)
FLOW = """
handlers: [handlers.py]
params: {slots: 1}
steps:
  work:
    type: python
    for_each: {range: COUNT}
    parallel: {max_parallel: "{{ params.slots }}", executor: EXECUTOR}
    inputs: {operation: custom, handler: work}
"""


def prepared(folder: Folder, count: int = 20, executor: str = "process") -> None:
    folder.write("handlers.py", HANDLERS)
    folder.write("flow.yaml", FLOW.replace("COUNT", str(count)).replace("EXECUTOR", executor))


def overlap(folder: Folder) -> int:
    """The most items that ran at the same time, by their own log."""
    busy = most = 0
    # Both ends of an item lie inside of its slot's time, so that an end at the same instant counts first.
    for word, _ in sorted(folder.trace(), key=lambda entry: (entry[1], entry[0] == "+")):
        busy += 1 if word == "+" else -1
        most = max(most, busy)
    return most


def span(folder: Folder) -> float:
    times = [at for _, at in folder.trace()]
    return max(times) - min(times)


@pytest.mark.parametrize("executor", ["process", "thread"])
@pytest.mark.slow
def test_ten_slots_are_used_and_no_more(folder: Folder, executor: str) -> None:
    prepared(folder, executor=executor)
    folder.run("slots=1")
    assert overlap(folder) == 1
    alone = span(folder)
    assert 2.0 <= alone < 4.0
    (folder.path / "effects.log").unlink()
    # Three times the items, so that the start of ten workers on a busy machine counts for less.
    prepared(folder, 60, executor)
    folder.run("--new", "slots=10")
    assert 5 <= overlap(folder) <= 10
    assert span(folder) / 60 < alone / 20 / 3, "about a tenth an item, on a machine with time to spare"
    assert folder.step("work")["succeeded"] == 60


def test_the_command_line_caps_the_slots(folder: Folder) -> None:
    prepared(folder, 8)
    folder.run("slots=10", "--max-parallel", "2")
    assert overlap(folder) == 2


def test_a_resume_keeps_to_the_slots(folder: Folder) -> None:
    prepared(folder, 24)
    process = folder.start("flow.yaml", "slots=3", "--headless")
    wait_for(lambda: len(folder.trace()) >= 12, "some items ended")
    kill(process)
    at_the_kill = len(folder.trace())
    folder.run("--resume", "slots=3")
    assert folder.step("work")["succeeded"] == 24
    before, after = folder.trace()[:at_the_kill], folder.trace()[at_the_kill:]
    assert sum(1 if word == "+" else -1 for word, _ in before) <= 3, "no more than three were in flight"
    busy = most = 0
    for word, _ in after:
        busy += 1 if word == "+" else -1
        most = max(most, busy)
    assert most <= 3


def test_shell_items_overlap_too(folder: Folder) -> None:
    folder.write(
        "flow.yaml",
        "steps:\n  work:\n    type: shell\n    for_each: {range: 12}\n    parallel: 6\n    inputs:\n"
        '      command: "echo + $(cut -d\\" \\" -f1 /proc/uptime) >> effects.log; sleep 0.3;'
        ' echo - $(cut -d\\" \\" -f1 /proc/uptime) >> effects.log"\n',
    )
    folder.run()
    assert 3 <= overlap(folder) <= 6


def test_what_was_given_to_a_slot_behind_a_long_item_runs_in_its_turn(folder: Folder) -> None:
    """Quick items make large batches; one of them may turn out to be long while there is much else to do."""
    folder.write(
        "handlers.py",
        EFFECT
        + """
def work(item):
    effect(str(item))
    time.sleep(3 if item in (40, 41) else 0.002 if item < 40 else 0.05)
""",
    )
    flow = FLOW.replace("COUNT", "200").replace("EXECUTOR", "process").replace("slots: 1", "slots: 3")
    folder.write("flow.yaml", flow)
    folder.run()
    order = [int(word) for word, _ in sorted(folder.trace(), key=lambda entry: entry[1])]
    assert sorted(order) == list(range(200))
    late = {item: place for place, item in enumerate(order) if place > item + 60}
    assert not late, f"items that started long after their turn, and when: {late}"
