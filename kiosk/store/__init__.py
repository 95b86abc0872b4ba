"""What the kiosk remembers: tables, migrations and the few questions asked of them."""
