"""Tills without a line: what they take along, and how what they did meanwhile is told afterwards."""
