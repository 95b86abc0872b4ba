"""What clinics and hub say to each other: events, batches and their answers. See ``docs/hub.md``.

Both sides import this package and nothing of each other. It has no wire, clock or file: time, keys and randomness are
arguments.
"""
