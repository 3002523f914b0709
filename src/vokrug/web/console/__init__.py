"""The console: what staff look at and decide."""
