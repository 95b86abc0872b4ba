"""The laboratory: a province of simulated clinics on one machine, against the real hub. See ``docs/lab.md``."""
