"""Budgets and limits: how often, how much, for whom, in what time; and the counters that hold them."""
