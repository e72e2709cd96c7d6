"""`help` and `completion`: the reference pages, and scripts that complete commands in a shell."""

from __future__ import annotations

import click


@click.command("help")
@click.argument("topic", required=False)
def help_(topic: str | None) -> int:
    """The reference pages: without TOPIC, their list."""
    from tui_workflow.errors import UsageError
    from tui_workflow.help import page, topics

    known = topics()
    if topic is None:
        click.echo("wf-tui help TOPIC, where TOPIC is one of\n")
        width = max(map(len, known))
        for name, title in known.items():
            click.echo(f"  {name:<{width}}  {title}")
        return 0
    if topic not in known:
        raise UsageError(f"there is no page '{topic}'", hint=f"the pages are {', '.join(known)}")
    text = page(topic)
    click.echo_via_pager(text) if len(text.splitlines()) > 40 else click.echo(text)
    return 0


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """A completion script: `eval "$(wf-tui completion bash)"`."""
    from click.shell_completion import get_completion_class

    from tui_workflow.cli.root import root

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(root, {}, "wf-tui", "_WF_TUI_COMPLETE").source())
    return 0
