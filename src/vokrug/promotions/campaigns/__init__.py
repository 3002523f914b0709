"""Campaigns: offers that belong together, with an owner, a budget and dates."""
