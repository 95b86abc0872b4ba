"""Thin, named faces over the cryptography package."""
