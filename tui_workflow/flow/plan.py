"""A flow with its handler sources and its edges: what the engine runs and what a revision stores."""

from __future__ import annotations

from dataclasses import dataclass

from tui_workflow.flow.model import Flow, Section, Step


@dataclass(frozen=True, slots=True)
class HandlerFile:
    """One Python file in which handler names are looked up, with the bytes that were read for this revision."""

    path: str
    source: bytes


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step with its place in the graph.

    `needs` are the names of the steps that must have ended before it, in file order, cleanup steps included
    (each cleanup step follows the one before it). `reads` are the steps whose results it uses, transitively
    closed only where the design says so by the caller; `None` stands for "reads everything" (dynamic access). `item_reads`
    are those of them that it uses to make an item of what an item is; for `for_each` alone it reads others.
    `definition` is the hex digest of what makes its outcomes: type, inputs, code, env, workdir, handler AST.
    """

    step: Step
    section: Section
    needs: tuple[str, ...]
    reads: tuple[str, ...] | None
    definition: str
    item_reads: tuple[str, ...] | None = ()

    @property
    def name(self) -> str:
        return self.step.name


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything one revision of a flow consists of."""

    path: str
    """The real path of the flow file."""
    text: str
    flow: Flow
    handlers: tuple[HandlerFile, ...]
    steps: tuple[PlannedStep, ...]
    """In file order: the steps, then `on_failure`, then `finally`."""

    def __getitem__(self, name: str) -> PlannedStep:
        for planned in self.steps:
            if planned.name == name:
                return planned
        raise KeyError(name)
