"""Your id for our id: both ways, in bulk, and kept in step."""
