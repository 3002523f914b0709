"""OpenID Connect without I/O: what a request means, decided by Authlib over what was read for it."""
