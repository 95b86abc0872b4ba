"""The outside world behind ports: real devices and their simulated twins."""
