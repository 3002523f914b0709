"""One function per use case. Each is a story in the caller's transaction."""
