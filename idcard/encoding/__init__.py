"""Bytes to values and back; no card, no crypto."""
