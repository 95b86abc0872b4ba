"""``kiosk province``: a clinic's side of the province's hub. What each command does lies in a module of its own."""

import typer

from kiosk.province import sending_cli

app = typer.Typer(help="The clinic at its province's hub.", no_args_is_help=True)
app.command()(sending_cli.status)
app.command()(sending_cli.again)
