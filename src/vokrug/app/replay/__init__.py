"""Real histories of shops, sent through the door that tills use, and the books held against them.

`door.py` speaks HTTP, `place.py` starts a server when none is named, `chain.py` sets up the shops, offers and
customers, `order.py` keeps each customer's documents in their order, `outcome.py` counts what was answered.
`online_retail.py`, `x5.py` and `complete_journey.py` each read one kind of file; `cancelling.py` finds what a
cancellation cancels.
"""
