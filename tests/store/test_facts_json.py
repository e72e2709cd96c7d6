from __future__ import annotations

import zlib
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.facts import Story
from tui_workflow.facts import events as ev
from tui_workflow.facts.state import RunState
from tui_workflow.store import facts_json, snapshot


@given(st.integers(0, 10_000))
def test_events_and_snapshots_round_trip(seed: int) -> None:
    story = Story(seed)
    for _ in range(60):
        story.step()
    for fact in story.facts:
        if isinstance(fact, ev.ItemsEnded):
            continue
        kind, body = facts_json.encode(fact)
        read = facts_json.decode(kind, fact.at, body)
        if isinstance(fact, ev.ItemsListed):
            fact = ev.ItemsListed(fact.at, fact.step, fact.first, fact.count)
        if isinstance(fact, ev.ItemsMoved):
            fact = ev.ItemsMoved(fact.at, fact.step)
        assert read == fact
    still, as_it_was = snapshot.take(story.state), deepcopy(story.state)
    for _ in range(20):
        story.step()
    assert snapshot.load(snapshot.pack(still)) == as_it_was


@given(st.lists(st.integers(0, 20)))
def test_runs_keep_the_order(numbers: list[int]) -> None:
    assert facts_json.unrun(facts_json.runs(numbers)) == tuple(numbers)


def test_a_million_queued_items_are_a_few_bytes() -> None:
    _, body = facts_json.encode(ev.ItemsQueued(1.0, "s", tuple(range(1_000_000)), "retry"))
    assert len(body) < 100


@pytest.mark.parametrize(
    ("kind", "body"), [("unpickled", b"{}"), ("paused", b"{"), ("paused", b'{"x":1}'), ("paused", b"{}")]
)
def test_what_is_no_event_is_refused(kind: str, body: bytes) -> None:
    with pytest.raises((ValueError, KeyError)):
        facts_json.decode(kind, 1.0, body)


def test_damaged_snapshots_are_refused() -> None:
    story = Story(1)
    for _ in range(30):
        story.step()
    packed = snapshot.pack(snapshot.take(story.state))
    data = zlib.decompress(packed)
    for cut in range(0, len(data), 7):
        with pytest.raises(ValueError):  # noqa: PT011 - any of several reasons
            snapshot.load(zlib.compress(data[:cut]))
    for cut in range(len(packed)):
        with pytest.raises(ValueError):  # noqa: PT011 - any of several reasons
            snapshot.load(packed[:cut])
    for junk in (b"", b"\x80\x04pickle", zlib.compress(b"wfs9" + data[4:])):
        with pytest.raises(ValueError, match="snapshot"):
            snapshot.load(junk)
    assert snapshot.load(snapshot.pack(snapshot.take(RunState()))) == RunState()
