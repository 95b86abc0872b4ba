"""The pages: one app for the patient, one for staff, and what both share."""
