"""The hub: what the province has. It takes in what clinics send, and shares only :mod:`kiosk.wire` with them."""
