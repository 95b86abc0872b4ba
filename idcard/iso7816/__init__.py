"""ISO 7816-4: commands, answers, procedures, secure messaging, files."""
