"""The command line: one Typer application, one file per command, options shared by several in one place."""

from __future__ import annotations

import inspect
from typing import Annotated

import typer

from segcli import __version__
from segcli.cli.campaign import campaign
from segcli.cli.cart_loss import cart_loss
from segcli.cli.check import check
from segcli.cli.explain import explain
from segcli.cli.fields import fields
from segcli.cli.forget import forget
from segcli.cli.init import init
from segcli.cli.preview import preview
from segcli.cli.profile import profile
from segcli.cli.results import results
from segcli.cli.segment import segment
from segcli.cli.test import test
from segcli.cli.undo import undo
from segcli.cli.verify import verify

app = typer.Typer(
    name="segcli",
    help="From a shop's export files to customer segments, send lists and campaigns.",
    epilog="Exit codes: 0 done, 1 data problem, 2 usage or recipe problem, 3 unexpected, "
    "4 another run holds the lock, 130 interrupted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"segcli {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """From a shop's export files to customer segments, send lists and campaigns."""


def _flowing(text: str) -> str:
    """A docstring's paragraphs on a line each: Typer would keep its line breaks in all but the first."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in inspect.cleandoc(text).split("\n\n"))


for command in (segment, campaign, preview, results, check, fields, profile, explain, init, undo, forget, verify, test):
    app.command(help=_flowing(command.__doc__ or ""))(command)
app.command("cart-loss", help=_flowing(cart_loss.__doc__ or ""))(cart_loss)
