"""`check`, `schema` and `new`: for who writes a flow. Nothing of the flow is executed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click


@click.command()
@click.argument("flow", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON on stdout.")
def check(flow: str, as_json: bool) -> int:
    """Report every problem of FLOW; executes nothing. Ends with 65 when there are errors."""
    from tui_workflow.errors import UsageError
    from tui_workflow.flow.load import examine
    from tui_workflow.flow.problems import count, render
    from tui_workflow.text import plural, visible, visible_json

    if not Path(flow).exists():
        raise UsageError(f"there is no flow file '{flow}'", hint="'wf-tui new FILE' writes a flow to start from")
    plan, problems = examine(flow)
    if as_json:
        record = {"schema": 1, "problems": [_record(problem) for problem in problems]}
        click.echo(visible_json(json.dumps(record, ensure_ascii=False, indent=2)))
    else:
        for problem in problems:
            for line in render(problem):
                click.echo(line, err=True)
        if problems:
            click.echo(f"{visible(flow)}: {count(problems)}", err=True)
        elif plan is not None:
            click.echo(f"{visible(flow)}: no problems, {plural(len(plan.steps), 'step')}")
    return 65 if plan is None else 0


def _record(problem: Any) -> dict[str, Any]:
    names = ("severity", "file", "line", "column", "message", "hint")
    return {name: getattr(problem, name) for name in names}


@click.command()
@click.option("--output", "of_output", is_flag=True, help="The schema of the JSON that commands print instead.")
def schema(of_output: bool) -> None:
    """Print the JSON Schema of the flow language, for editors."""
    if of_output:
        from tui_workflow.cli.output_schema import output_schema

        found = output_schema()
    else:
        from tui_workflow.flow.schema import json_schema

        found = json_schema()
    click.echo(json.dumps(found, indent=2))


@click.command()
@click.argument("file", type=click.Path())
def new(file: str) -> None:
    """Write a commented starter flow to FILE; refuses to overwrite."""
    from tui_workflow.cli.starter import STARTER
    from tui_workflow.errors import UsageError, WfError
    from tui_workflow.text import visible

    path = Path(file)
    if not path.suffix:
        path = path.with_name(f"{path.name}.yaml")
    try:
        with path.open("x", encoding="utf-8") as target:
            target.write(STARTER)
    except FileExistsError:
        raise UsageError(f"'{path}' exists already", hint="give another name; nothing was written") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise WfError(f"'{path}' cannot be written: {reason}") from None
    shown = visible(str(path))
    click.echo(f"{shown} written. Run it with: wf-tui {shown}")
    if sys.stdout.isatty():
        click.echo("While it runs, save an edit of the file and see it taken up.")
