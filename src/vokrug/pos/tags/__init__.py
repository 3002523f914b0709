"""Price tags that talk: what a shelf label says in a shop, and what has changed since it was last told."""
