"""Products that have logins of their own, and how such a login comes to open an account here. README: accounts."""
