"""Many profiles at once: a few by identifiers in one statement, or everybody who consented, for analytics."""
