"""What the hub remembers: tables, migrations and the few questions asked of them, on SQLite and PostgreSQL alike."""
