"""Before an offer is launched: what is wrong with it, and what a basket would cost with it."""
