"""Benchmarks: how much the product does on this machine, beside what PostgreSQL itself does in the same run."""
