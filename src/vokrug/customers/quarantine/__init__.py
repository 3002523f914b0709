"""Values that too many people came by: set aside until somebody has looked."""
