"""Experiments: who sees which offers, and what that was worth in net margin."""
