"""Nothing that one item does to its process is there for the next: folder, environment, signals, standard streams.

After every item a handful of identities are compared; what went through `os` or `signal` is noticed by a wrapper that
sets a mark. After an item that took a while everything is compared, since it costs nothing beside it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any

from tui_workflow.workers.child.itemenv import ItemVariable
from tui_workflow.workers.child.streams import RawOutput, Writer

SLOW = 0.0002
"""Seconds after which an item is followed by the full comparison."""


class Hygiene:
    """The state that every item finds."""

    def __init__(self, out: Writer, err: Writer, raw: RawOutput) -> None:
        self._out, self._err, self._raw = out, err, raw
        self.base_env = dict(os.environ)
        self._start_dir = os.getcwd()
        self._dir = self._start_dir
        self._environment: dict[Any, Any] = {}
        self._signals: dict[int, Any] = {}
        self._touched = False
        self._variables = {name: ItemVariable(name) for name in (b"WF_ITEM_KEY", b"WF_ATTEMPT")}
        for module, name in (
            (os, "chdir"),
            (os, "fchdir"),
            (os, "putenv"),
            (os, "unsetenv"),
            (os, "close"),
            (os, "dup2"),
            (os, "closerange"),
            (signal, "signal"),
        ):
            self._mark(module, name)

    def _mark(self, module: Any, name: str) -> None:
        real: Callable[..., Any] = getattr(module, name)

        def marked(*args: Any, **options: Any) -> Any:
            self._touched = True
            return real(*args, **options)

        marked.__name__ = marked.__qualname__ = name
        marked.__doc__ = real.__doc__
        marked.__wrapped__ = real  # type: ignore[attr-defined]
        setattr(module, name, marked)

    def settle(self, env: Mapping[str, str], workdir: str | None) -> None:
        """Start a step: its environment and its folder, then remember what each item shall find. Raises OSError."""
        self._replace_environment({**self.base_env, **env})
        self._dir = os.path.join(self._start_dir, workdir) if workdir else self._start_dir
        os.chdir(self._dir)
        self._environment = dict(_raw_environ())

    def accept(self) -> None:
        """Take what is now for what every item finds: the step's handler files have been imported since `settle`.

        What they set in the environment stays for later steps as well, for which they are not imported again.
        """
        environment = dict(_raw_environ())
        for name, value in environment.items():
            if self._environment.get(name) != value:
                self.base_env[os.fsdecode(name)] = os.fsdecode(value)
        self._environment = environment
        self._signals = {number: signal.getsignal(number) for number in signal.valid_signals()}
        if os.getcwd() != self._dir:
            os.chdir(self._dir)
        self._touched = False

    def set_env(self, name: bytes, value: bytes) -> None:
        """Set a variable of the item itself, one of `WF_ITEM_KEY` and `WF_ATTEMPT`: part of what is compared, not a leak."""
        _raw_environ()[name] = value
        self._environment[name] = value
        self._variables[name].set(value)

    def restore(self, took: float) -> None:
        """Undo what the item left behind; `took` seconds it ran."""
        if sys.stdout is not self._out:
            sys.stdout = self._out
        if sys.stderr is not self._err:
            sys.stderr = self._err
        if self._touched or took > SLOW:
            self._restore_all()

    def _restore_all(self) -> None:
        self._raw.repair()
        if self._touched:
            self._let_go_of_variables()
        try:
            moved = os.getcwd() != self._dir
        except OSError:  # the item removed the folder it was in
            moved = True
        if moved:
            try:
                os.chdir(self._dir)
            except OSError:  # the folder of the step is gone; the next item will say so
                pass
        if _raw_environ() != self._environment:
            wanted = {os.fsdecode(name): os.fsdecode(value) for name, value in self._environment.items()}
            self._replace_environment(wanted)
        for number, handler in self._signals.items():
            if signal.getsignal(number) is not handler and handler is not None:
                signal.signal(number, handler)
        self._touched = False

    def _let_go_of_variables(self) -> None:
        """The item's own variables may have been set by others since: they are put into the environment anew."""
        for variable in self._variables.values():
            variable.replaced()

    def _replace_environment(self, wanted: Mapping[str, str]) -> None:
        self._let_go_of_variables()
        for name in os.environ.keys() - wanted.keys():
            del os.environ[name]
        for name, value in wanted.items():
            if os.environ.get(name) != value:
                os.environ[name] = value


def _raw_environ() -> dict[Any, Any]:
    """The mapping behind `os.environ`, whose own methods encode and check each name and value at every access."""
    data: dict[Any, Any] = os.environ._data  # type: ignore[attr-defined]
    return data
