"""What a worker is told about a step: the flow's own text, the run's values, and what earlier steps came to. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tui_workflow import values
from tui_workflow.engine.ports import Options
from tui_workflow.facts.state import RunState, StepState
from tui_workflow.facts.work import Listing, StepProgram, StepSummary
from tui_workflow.flow.model import Step
from tui_workflow.flow.plan import Plan, PlannedStep


@dataclass(slots=True)
class Revision:
    """The definition that a step run works by; replaced as a whole when an edit is taken up."""

    planned: PlannedStep
    plan: Plan
    number: int
    executor: Literal["process", "thread", "async"]
    params: Mapping[str, Any]
    """The values of the run's parameters."""


@dataclass(slots=True)
class Context:
    """The flow's `context`: encoded values by name, and a number that grows with each commit of writes."""

    values: dict[str, bytes]
    version: int = 0

    def take(self, writes: bytes) -> None:
        """Take in the committed writes of one item: a JSON object of encoded values."""
        self.values.update({name: json.dumps(value).encode() for name, value in json.loads(writes).items()})
        self.version += 1


def summarize(steps: Iterable[StepState], plan: Plan) -> list[StepSummary]:
    """What templates and code see of each step by `steps.NAME` before they ask for its items."""
    save_error = {planned.name: planned.step.on_error.save_error for planned in plan.steps}
    return [
        StepSummary(
            name=step.name,
            for_each=step.shape.for_each,
            status=step.status,
            total=step.total,
            succeeded=step.succeeded,
            failed=step.failed,
            started=step.started,
            duration=step.duration(),
            error=step.error,
            save_error=save_error.get(step.name, False),
        )
        for step in steps
    ]


def stops_on_failure(step: Step) -> bool:
    """True if nothing may start after a failed item before the engine has seen it: it keeps order, or may fail."""
    keeps_order = step.parallel is None and step.retry.max_attempts > 1
    counts = step.on_error.action == "fail" or step.on_error.max_failures is not None
    return step.for_each is not None and (keeps_order or counts)


def program(
    revision: Revision, state: RunState, options: Options, context: Mapping[str, bytes], lanes: int
) -> StepProgram:
    """The program of one step, for a worker that runs `lanes` items at once."""
    step, plan = revision.planned.step, revision.plan
    return StepProgram(
        run=options.run,
        run_file=options.run_file,
        flow=plan.flow.name,
        flow_path=plan.path,
        flow_dir=options.flow_dir,
        revision=revision.number,
        step=step.name,
        type=step.type,
        inputs=step.inputs,
        for_each=step.for_each is not None,
        condition=step.condition,
        condition_per_item=step.condition_per_item,
        parallel=step.parallel is not None,
        executor=revision.executor,
        slots=lanes,
        env=step.env,
        flow_env=plan.flow.env,
        workdir=step.workdir,
        handlers=[(handler.path, handler.source) for handler in plan.handlers],
        params={name: values.encode(value) for name, value in revision.params.items()},
        context=dict(context),
        secrets=options.secrets,
        steps=summarize(state.steps.values(), plan),
        memory=step.memory,
        stop_on_failure=stops_on_failure(step),
        flush_each=step.checkpoint == "each",
        on_progress=step.on_progress,
    )


def listing(step: Step, limit: int | None) -> Listing:
    """What a worker lists for `for_each`."""
    source = step.for_each
    assert source is not None
    return Listing(
        kind=source.kind,
        value=source.value,
        format=source.format,
        columns=source.columns,
        database=source.database,
        args=source.args,
        where=source.where,
        limit=source.limit if source.limit is not None else limit,
        chunk=source.chunk,
        key=step.key,
    )
