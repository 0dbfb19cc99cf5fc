"""`wincontainers completion`: scripts that let shells complete commands and options."""

from __future__ import annotations

import os

import click
from click.shell_completion import CompletionItem, ShellComplete, add_completion_class, get_completion_class

COMPLETE = "_WINCONTAINERS_COMPLETE"
"""The variable in which a shell asks for completions."""
_POWERSHELL = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $env:%(complete_var)s = "powershell_complete"
    $env:WINCONTAINERS_WORDS = ($commandAst.CommandElements | ForEach-Object { "$_" }) -join "`n"
    $env:WINCONTAINERS_WORD = $wordToComplete
    %(prog_name)s | ForEach-Object {
        $value, $help = $_ -split "`t", 2
        [System.Management.Automation.CompletionResult]::new($value, $value, "ParameterValue", $help)
    }
    Remove-Item Env:%(complete_var)s, Env:WINCONTAINERS_WORDS, Env:WINCONTAINERS_WORD
}
"""


class _PowerShell(ShellComplete):
    """Completion for PowerShell, which click does not have."""

    name = "powershell"
    source_template = _POWERSHELL

    def get_completion_args(self) -> tuple[list[str], str]:
        words = os.environ.get("WINCONTAINERS_WORDS", "").split("\n")[1:]
        word = os.environ.get("WINCONTAINERS_WORD", "")
        return (words[:-1] if word and words else words), word

    def format_completion(self, item: CompletionItem) -> str:
        return f"{item.value}\t{item.help or item.value}"


def register() -> None:
    """Have click know PowerShell."""
    add_completion_class(_PowerShell)


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "powershell"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script that lets a shell complete commands, options and the names of containers that stay.

    \b
    bash:        eval "$(wincontainers completion bash)" in ~/.bashrc
    zsh:         eval "$(wincontainers completion zsh)" in ~/.zshrc
    powershell:  wincontainers completion powershell | Out-String | Invoke-Expression in $PROFILE
    """
    register()
    kind = get_completion_class(shell)
    if kind is None:
        raise click.ClickException(f"there is no completion for {shell}")
    click.echo(kind(context.find_root().command, {}, "wincontainers", COMPLETE).source())
