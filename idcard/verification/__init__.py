"""Judging evidence: a pure function to a verdict."""
