"""Facts of other systems come in here: checked, keyed to the customer, told once, or kept as dead letters."""
