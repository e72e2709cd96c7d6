"""`help` and `completion`: the reference pages, and scripts that complete commands in a shell."""

from __future__ import annotations

import click


@click.command("help")
@click.argument("topic", required=False)
@click.pass_context
def help_(ctx: click.Context, topic: str | None) -> int:
    """The reference pages: without TOPIC, their list. Of a command, its options."""
    from tui_workflow.errors import UsageError
    from tui_workflow.help import page, topics

    known = topics()
    if topic is None:
        click.echo("wf-tui help TOPIC, where TOPIC is one of\n")
        width = max(map(len, known))
        for name, title in known.items():
            click.echo(f"  {name:<{width}}  {title}")
        click.echo("\nor a command. `wf-tui help flow` is the page to begin with.")
        return 0
    if topic not in known:
        command = _command(ctx, topic)
        if command is None:
            raise UsageError(f"there is no page '{topic}'", hint=f"the pages are {', '.join(known)}")
        click.echo(command.get_help(click.Context(command, parent=ctx.parent, info_name=topic)))
        return 0
    text = page(topic)
    click.echo_via_pager(text) if len(text.splitlines()) > 40 else click.echo(text)
    return 0


def _command(ctx: click.Context, name: str) -> click.Command | None:
    from tui_workflow.cli.root import root

    return root.get_command(ctx, name)


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """A completion script, for a shell's start-up file: `eval "$(wf-tui completion bash)"`, in fish `wf-tui completion fish | source`."""
    from click.shell_completion import get_completion_class

    from tui_workflow.cli.root import root

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(root, {}, "wf-tui", "_WF_TUI_COMPLETE").source())
    return 0
