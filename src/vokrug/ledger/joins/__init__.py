"""Wallets of customers who are one person by now: joined by staff, parted again exactly."""
