"""Symbols and the formats they carry."""
