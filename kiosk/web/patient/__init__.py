"""The patient's app: one page that follows the visit."""

from kiosk.web.patient.app import create_patient_app

__all__ = ["create_patient_app"]
