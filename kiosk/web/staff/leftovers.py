"""What nobody came back to, counted on the staff's page: who is to be asked about, and tickets of earlier days."""

from flask import Flask

from kiosk.services.leftovers import Leftovers


def add_leftovers(app: Flask, leftovers: Leftovers) -> None:
    """Give the app's board its counts."""

    @app.context_processor
    def shown() -> dict[str, object]:
        return {
            "rechecks_waiting": leftovers.rechecks,
            "earlier_counts": leftovers.earlier_tickets,
            "close_after_days": leftovers.close_after_days,
        }
