"""Who lives, pays or shops together. Never one person, never one purse."""
