"""Numbers as the screen and the plain reporter write them: one form for each kind of quantity, everywhere the same.

Groups of digits are set apart by a no-break space, so that a number never breaks over two rows; `copyable` takes
it out again. Durations and ages are in seconds, rates in items per second, times of day in Unix seconds.
"""

from __future__ import annotations

import re
import time
from math import floor, isfinite

from tui_workflow import text as texts
from tui_workflow.text import GROUP, grouped

plural = texts.plural
_GROUPED = re.compile(rf"(?<=\d){GROUP}(?=\d{{3}})")


def count(number: int) -> str:
    """`61 115`."""
    return grouped(number)


def copyable(text: str) -> str:
    """The text with its grouped numbers as plain digits, for the clipboard and for files."""
    return _GROUPED.sub("", text)


def percent(done: float, total: float, *, known: bool = True) -> str:
    """`61 %`; `<1 %` for a little; `100 %` only when all is done. Empty where the total is not `known`: of one that grows, no
    share tells how far something is.
    """
    return _share(done, total, known, 0)


def fine_percent(done: float, total: float, *, known: bool = True) -> str:
    """`61.1 %`, under the same rules as `percent`."""
    return _share(done, total, known, 1)


def _share(done: float, total: float, known: bool, digits: int) -> str:
    if not known:
        return ""
    if done >= total:
        return "100 %"
    if done <= 0:
        return "0 %"
    least = 10.0**-digits
    value = 100 * done / total
    if value < least:
        return f"<{least:.{digits}f} %"
    text = f"{value:.{digits}f} %"
    return _under(100, digits) if text.startswith("100") else text


def _under(value: int, digits: int) -> str:
    return f"{value - 10.0**-digits:.{digits}f} %"


def duration(seconds: float) -> str:
    """`0.52 s  3.2 s  11 s`, from 60 s on `1:05`, `1:12:02`, from a day on `2 d 3 h`: how long something took."""
    if seconds <= 0:
        return "0 s"
    if seconds < 0.005:
        return "<0.01 s"
    if seconds < 0.995:
        return f"{seconds:.2f} s"
    return ticking(seconds)


def ticking(seconds: float) -> str:
    """Like `duration` with one decimal at most, for digits that move: `0.6 s  3.2 s  11 s  1:05`."""
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    return stopwatch(max(60.0, seconds))


def stopwatch(seconds: float) -> str:
    """`0:04`, `48:10`, `1:12:02`, from a day on `2 d 3 h`: how long a step or a run has been going."""
    whole = floor(max(0.0, seconds))
    hours, rest = divmod(whole, 3600)
    if hours >= 24:
        return f"{count(hours // 24)} d {hours % 24} h"
    minutes, last = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{last:02}" if hours else f"{minutes}:{last:02}"


def age(seconds: float) -> str:
    """`12 s  4 min  2 h  3 d`: how long ago something was, rounded down."""
    whole = floor(max(0.0, seconds))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if whole >= size:
            return f"{count(whole // size)} {unit}"
    return f"{whole} s"


def rate(per_second: float) -> str:
    """`14.1/s` with three significant digits; below one a second `8.4/min`, below one a minute `5.2/h`."""
    if not isfinite(per_second) or per_second <= 0:
        return "0/s"
    if per_second >= 0.9995:
        return f"{_three_digits(per_second)}/s"
    for factor, unit in ((60, "min"), (3600, "h")):
        if per_second * factor >= 0.95:
            value = per_second * factor
            return f"{value:.1f}/{unit}"
    return "<1/h"


def _three_digits(value: float) -> str:
    rounded = float(f"{value:.3g}")
    if rounded >= 100:
        return count(int(rounded))
    return f"{rounded:.1f}" if rounded >= 10 else f"{rounded:.2f}"


def size(number: int) -> str:
    """`812 MiB`: bytes in the unit that leaves one to four digits, one decimal below ten."""
    if number < 1024:
        return f"{number} B"
    value = float(number)
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        value /= 1024
        if value < 1000 or unit == "TiB":
            break
    text = f"{value:.1f}" if value < 9.95 else count(round(value))
    return f"{text.removesuffix('.0')} {unit}"


def clock(at: float) -> str:
    """`03:12:42`: the local time of day."""
    return time.strftime("%H:%M:%S", time.localtime(at))
