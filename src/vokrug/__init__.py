"""Vokrug: everything around one customer. See ARCHITECTURE.md for the domains and their floors."""

from vokrug import _compiled

_compiled.use()
