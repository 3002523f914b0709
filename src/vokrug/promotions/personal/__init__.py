"""Offers for one customer, on terms of their own."""
