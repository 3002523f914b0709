"""Coupons: unique, shared, bundles, printed ranges, signed codes, and codes of partners."""
