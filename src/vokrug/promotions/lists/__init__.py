"""Imported lists of customers: membership in one key read, however many lists there are."""
