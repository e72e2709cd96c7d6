from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui_workflow.facts.seen import SeenKeys


@given(st.lists(st.text(max_size=5)))
def test_a_key_that_was_met_is_never_called_new(keys: list[str]) -> None:
    seen = SeenKeys()
    met: set[str] = set()
    for key in keys:
        perhaps = seen.add(key)
        assert perhaps or key not in met
        met.add(key)
    assert seen.add_all(met) == list(met)


def test_new_keys_are_rarely_suspected_and_memory_is_bounded() -> None:
    seen = SeenKeys()
    keys = [f"{number * 2654435761 & 0xFFFFFFFFFFFF:016x}" for number in range(200_000)]
    assert len(seen.add_all(keys)) < 100
    assert sum(8 * len(words) for words, _ in seen._segments) < 64 * len(keys)
