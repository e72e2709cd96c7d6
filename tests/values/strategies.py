"""Values of every kind that may be stored."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

text = st.text(st.characters(codec="utf-8"))
zones = st.sampled_from([None, dt.UTC, dt.timezone(dt.timedelta(hours=-3, minutes=30, seconds=7)), ZoneInfo("UTC")])
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    text,
    st.sampled_from(["$wf", '"$wf"', "{{ 7*7 }}", "1_000"]),
    st.binary(),
    st.datetimes(timezones=zones),
    st.dates(),
    st.times(timezones=st.sampled_from([None, dt.UTC])),
    st.decimals().filter(lambda d: not d.is_snan()),
    st.uuids(),
    text.filter(lambda t: "\0" not in t).map(Path),
    st.binary().filter(lambda b: b"\0" not in b).map(lambda b: Path(b.decode("utf-8", "surrogateescape"))),
)
hashable = st.recursive(scalars, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=5)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(text | st.just("$wf"), inner, max_size=4),
        st.dictionaries(hashable, inner, max_size=3),
        st.sets(hashable, max_size=3),
        st.frozensets(hashable, max_size=3),
    ),
    max_leaves=12,
)
