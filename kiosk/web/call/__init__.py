"""The call screen: numbers and rooms for a waiting room, and nothing else."""

from kiosk.web.call.app import create_call_app as create_call_app
