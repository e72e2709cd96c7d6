"""What the group of failures says: what its items have in common, not what the first of them was about."""

from __future__ import annotations

from tests.view.made import BEGIN, ended, listed, run_of, shape
from tui_workflow.facts.fingerprint import fingerprint
from tui_workflow.facts.outcome import Ended, ErrorInfo
from tui_workflow.facts.state import RunState, fold


def fail(run: RunState, item: int, customer: str, attempt: int = 1, line: int = 8) -> None:
    message = f"no answer for {customer} in 5 s"
    mark = fingerprint("TimeoutError", message, "pay.py")
    body = ErrorInfo("TimeoutError", message, mark, where=("pay.py", line)).encode()
    failed = ended("charge", [item], at=BEGIN + item, status=Ended.FAILED, failure=body, attempt=attempt)
    fold(run, [failed])


def test_a_group_says_what_its_messages_have_in_common() -> None:
    run = run_of(shape("charge"))
    step = listed(run, "charge", 9)
    fail(run, 0, "C005")
    (group,) = step.groups
    assert group.message == "no answer for C005 in 5 s"
    fail(run, 1, "C117")
    fail(run, 2, "C118")
    assert (group.message, group.count) == ("no answer for … in 5 s", 3)
    fold(run, [ended("charge", [0], at=BEGIN + 20, attempt=2)])
    assert (group.message, group.count) == ("no answer for … in 5 s", 2)


def test_a_group_begins_anew_when_all_its_items_were_mended() -> None:
    run = run_of(shape("charge"))
    step = listed(run, "charge", 9)
    fail(run, 0, "C005")
    fail(run, 1, "C117")
    fold(run, [ended("charge", [0, 1], at=BEGIN + 20, attempt=2)])
    fail(run, 3, "C300", line=11)
    (group,) = step.groups
    assert (group.message, group.count, group.where) == ("no answer for C300 in 5 s", 1, ("pay.py", 11))
