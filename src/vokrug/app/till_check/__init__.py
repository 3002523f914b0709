"""Is this till ready? Its log is read, or it is watched while accidents befall it."""
