"""Vokrug: everything around one customer. See ARCHITECTURE.md for the domains and their floors."""
