"""``kiosk province``: a clinic's side of the province's hub. What each command does lies in a module of its own."""

import typer

from kiosk.province import joining_cli

app = typer.Typer(help="The clinic at its province's hub.", no_args_is_help=True)
app.command()(joining_cli.join)
app.command()(joining_cli.renew)
