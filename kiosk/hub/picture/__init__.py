"""The province's picture: what a health office sees of its clinics, in a process of its own beside the hub."""
