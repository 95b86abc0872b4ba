"""``kiosk province``: this clinic at its province's hub."""

import typer

from kiosk.province import joining_cli, sending_cli

app = typer.Typer(help="The clinic at its province's hub.", no_args_is_help=True)
app.command()(joining_cli.join)
app.command()(joining_cli.renew)
app.command()(sending_cli.status)
app.command()(sending_cli.again)
