"""The number of lines in the log: of all that was printed, also of what was left out or is not read."""

from __future__ import annotations

from pathlib import Path

from tests.reload.live import live

FLOW = """\
steps:
  work:
    type: python
    for_each: {range: 700}
    parallel: 2
    inputs: {code: "for line in range(3): print('line', line)"}
  much:
    type: python
    inputs: {code: "for line in range(20000): print('a line of some length', line)"}
"""


async def test_lines_are_counted_whole(tmp_path: Path) -> None:
    (tmp_path / "flow.yaml").write_text(FLOW)
    async with live(tmp_path) as run:
        details = run.stage.details
        early = await details.log_size("work", None)
        await run.ended()
        assert early[0] <= 2100
        assert await details.log_size("work", None) == (2100, 0)
        assert await details.log_size("work", None) == (2100, 0)
        assert await details.log_size("work", 4) == (3, 0)
        lines, cut = await details.log_size("much", None)
        kept = await details.log("much", None, before=None, limit=100_000)
        assert lines == 20_000
        assert cut == 20_000 - (len(kept) - 1)  # one of those kept says what was left out
        assert await details.log_size("none", None) == (0, 0)
