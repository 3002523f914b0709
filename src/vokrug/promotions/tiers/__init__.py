"""Tiers: what a customer has done, where that puts them, and the way to the next one."""
