"""An exception as the record that is stored and shown: type, message, traceback, and the frames of the user's code."""

from __future__ import annotations

import linecache
import os
from collections.abc import Callable
from types import TracebackType

import tui_workflow
from tui_workflow.errors import WfError
from tui_workflow.facts.fingerprint import fingerprint
from tui_workflow.facts.outcome import ErrorInfo, Frame
from tui_workflow.tasks.api import RetryLater
from tui_workflow.workers.child.usercode import UserCode

MESSAGE = 16 * 1024
"""Characters of a message that are kept."""
TRACEBACK = 64 * 1024
"""Characters of a traceback that are kept."""
_FRAMES = 40
_OURS = os.path.dirname(os.path.abspath(tui_workflow.__file__)) + os.sep


def describe(
    error: BaseException,
    user: UserCode,
    mask: Callable[[str], str] | None = None,
    kind: str | None = None,
    words: str = "",
    item: object = None,
) -> ErrorInfo:
    """What went wrong. `kind` replaces the type's name, `words` are the message of an error that has none; `mask` hides secrets
    before anything is cut. What the message says of the `item` that was worked on does not tell one cause from another.
    """
    hide = mask or (lambda text: text)
    name = kind or type(error).__name__
    message = cut(hide(_message(error) or words), MESSAGE)
    trail = _without_ours(error.__traceback__)
    frames = _frames(trail, user, hide)
    own = [frame for frame in frames if frame.own]
    where: tuple[str, int] | None = (own[-1].file, own[-1].line) if own else _named_place(error)
    function = own[-1].function if own else ""
    line = dict(own[-1].lines).get(own[-1].line, "") if own else ""
    extra = tuple(getattr(error, "wf_mro", ()))
    return ErrorInfo(
        type=name,
        message=message,
        # All that a retry tells causes by: two codes of a command are two, though numbers in a message are data.
        fingerprint=fingerprint(" ".join((name, *extra)), message, where[0] if where else "", function, item, line),
        mro=_mro(error, name, extra),
        traceback=cut(hide(_text(error, trail)), TRACEBACK),
        frames=tuple(frames),
        where=where,
        retry_after=error.seconds if isinstance(error, RetryLater) else None,
    )


def cut(text: str, limit: int) -> str:
    """The text, its middle left out when it is longer than `limit` characters."""
    if len(text) <= limit:
        return text
    half = limit // 2 - 40
    return f"{text[:half]}\n… {len(text) - 2 * half:,} characters left out …\n{text[-half:]}"


def _message(error: BaseException) -> str:
    try:
        text = str(error)
        hint = error.hint if isinstance(error, WfError) else None
    except BaseException as problem:
        return f"(its __str__ raised {type(problem).__name__})"
    if type(error) is KeyError and error.args:
        text = f"key {text} is missing"
    return f"{text}. {hint}" if hint else text


def _mro(error: BaseException, name: str, extra: tuple[str, ...]) -> tuple[str, ...]:
    names = [kind.__name__ for kind in type(error).__mro__ if kind is not object]
    # A `sys.exit` in a handler is a failure like others, so `retry: on: [Exception]` must cover it.
    covered = () if "Exception" in names or not isinstance(error, SystemExit) else ("Exception",)
    return tuple(dict.fromkeys((name, *extra, *names, *covered)))


def _without_ours(trail: TracebackType | None) -> TracebackType | None:
    while trail is not None and trail.tb_frame.f_code.co_filename.startswith(_OURS):
        trail = trail.tb_next
    return trail


def _frames(trail: TracebackType | None, user: UserCode, hide: Callable[[str], str]) -> list[Frame]:
    places: list[tuple[str, int, str]] = []
    while trail is not None:
        code = trail.tb_frame.f_code
        places.append((code.co_filename, trail.tb_lineno or 0, code.co_name))
        trail = trail.tb_next
    if len(places) > _FRAMES:
        places = [*places[: _FRAMES // 2], *places[-_FRAMES // 2 :]]
    frames = []
    for file, line, function in places:
        own = user.owns(file)
        frames.append(Frame(file, line, function, own, _lines(file, line, hide) if own else ()))
    return frames


def _lines(file: str, line: int, hide: Callable[[str], str]) -> tuple[tuple[int, str], ...]:
    return tuple(
        (number, hide(text.rstrip("\n"))[:500])
        for number in range(max(1, line - 2), line + 3)
        if (text := linecache.getline(file, number))
    )


def _named_place(error: BaseException) -> tuple[str, int] | None:
    """The place that the error itself names: that of a syntax error, or of a flow's problem."""
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, error.lineno or 1
    if isinstance(error, WfError) and error.source is not None:
        return error.source.file, error.source.line
    return None


def _text(error: BaseException, trail: TracebackType | None) -> str:
    """The traceback as Python prints it, from the user's first frame on; empty when none of its code was involved."""
    import traceback

    if trail is None and not isinstance(error, SyntaxError):
        return ""
    try:
        report = traceback.TracebackException(type(error), error, trail, compact=True)
        return "".join(report.format())
    except BaseException as problem:
        return f"(the traceback cannot be shown: {type(problem).__name__})"
