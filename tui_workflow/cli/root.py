"""Which command is meant, what happens to errors, and the help page; the commands themselves are loaded when called."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("tui_workflow.cli.launch:run", "Run a flow with the dashboard (`wf-tui FLOW` says the same)."),
    "check": ("tui_workflow.cli.authoring:check", "Report every problem of a flow file; executes nothing."),
    "plan": ("tui_workflow.cli.plan:plan", "What a resume would run, keep and call stale, and why; executes nothing."),
    "runs": ("tui_workflow.cli.inspect:runs", "The runs, newest first."),
    "show": ("tui_workflow.cli.inspect:show", "One run: parameters, steps, counts, results."),
    "result": ("tui_workflow.cli.inspect:result", "The result of a step as JSON."),
    "failed": ("tui_workflow.cli.inspect:failed", "Failed items with their errors."),
    "logs": ("tui_workflow.cli.inspect:logs", "What steps and items printed."),
    "retry": ("tui_workflow.cli.launch:retry", "Run failed items again."),
    "open": ("tui_workflow.cli.launch:open_", "The dashboard on a stored run; executes nothing."),
    "export": ("tui_workflow.cli.inspect:export", "One self-contained file of a run."),
    "schema": ("tui_workflow.cli.authoring:schema", "JSON Schema of the flow language, for editors."),
    "new": ("tui_workflow.cli.authoring:new", "Write a commented starter flow."),
    "gc": ("tui_workflow.cli.inspect:gc", "Delete old runs that have ended."),
    "help": ("tui_workflow.cli.reference:help_", "The reference pages, or the options of a command."),
    "completion": ("tui_workflow.cli.reference:completion", "A completion script for bash, zsh or fish."),
}


ELSEWHERE = {
    "clean": "gc",
    "create": "new",
    "errors": "failed",
    "init": "new",
    "inspect": "show",
    "list": "runs",
    "ls": "runs",
    "output": "result",
    "ps": "runs",
    "start": "run",
    "status": "show",
    "validate": "check",
    "view": "open",
}
"""By the name that a command has in other programs, the one that it has here."""


class Commands(click.Group):
    """Sub-commands by name; anything else is a flow file to run. A name wins over a file: write `./check` for the file."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, _, name = entry[0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] in COMMANDS:
            return super().resolve_command(ctx, args)
        _guard_against_typos(args[0])
        return "run", self.get_command(ctx, "run"), args

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # Options of `run` may stand before the flow: `wf-tui --headless flow.yaml`.
        if args and args[0].startswith("-") and args[0] not in {"-h", "--help", "--version"}:
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


def _guard_against_typos(word: str) -> None:
    """A bare word that is no file is meant as a command rather than as a flow: name the one that comes near."""
    from difflib import get_close_matches

    if not word.startswith("-") and "." not in word and "/" not in word and not os.path.exists(word):
        near = [ELSEWHERE[word]] if word in ELSEWHERE else get_close_matches(word, COMMANDS, 1, 0.7)
        meant = f": did you mean 'wf-tui {near[0]}'?" if near else "."
        raise click.UsageError(
            f"there is no command and no flow file '{word}'{meant} 'wf-tui help' tells what there is."
        )


def _version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"wf-tui {version('tui-workflow')}")
        ctx.exit()


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    subcommand_metavar="FLOW [NAME=VALUE ...] | COMMAND",
    no_args_is_help=True,
)
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version.")
def root() -> None:
    """Run batch workflows written in YAML, watch them live, mend and retry what failed.

    `wf-tui flow.yaml` opens the dashboard and runs the flow; `wf-tui new flow.yaml` writes one to start from.

    `wf-tui run --help` lists the options of a run (--resume, --headless, --limit and more), `wf-tui COMMAND --help` those of a
    command; `wf-tui help` lists pages to read.
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code. Errors for people go to stderr, our own bugs also into a crash report."""
    from tui_workflow.errors import Abandoned, WfError

    try:
        outcome: Any = root.main(list(arguments), prog_name="wf-tui", standalone_mode=False)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return 130
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0  # whoever read our output has seen enough
    except Abandoned as ended:
        return ended.exit_code
    except WfError as error:
        _say(error)
        return error.exit_code
    except Exception as error:
        from tui_workflow.cli.crash import report

        return report(error)
    return outcome if isinstance(outcome, int) else 0


def _say(error: Any) -> None:
    from tui_workflow.text import visible

    lines = getattr(error, "lines", None) or [f"wf-tui: {error}"]
    for line in lines:
        click.echo(visible(line), err=True)
    if error.hint:
        click.echo(f"  {visible(error.hint)}", err=True)
