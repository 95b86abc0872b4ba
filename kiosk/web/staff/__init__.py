"""The staff's app: what waits, what was admitted, how the machines are."""

from kiosk.web.staff.app import create_staff_app

__all__ = ["create_staff_app"]
