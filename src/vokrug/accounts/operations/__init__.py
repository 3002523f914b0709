"""What can be done with accounts: one function for a use case, told as a story."""
