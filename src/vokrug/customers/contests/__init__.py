"""Identifiers that two people want, and what speaks for each."""
