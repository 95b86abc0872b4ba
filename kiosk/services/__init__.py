"""What the kiosk does, in plain Python: no page, no HTML."""
