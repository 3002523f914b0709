"""The stream of facts: a catalogue of event types, a partitioned log in PostgreSQL, reactions.

    @event("ledger.points_expired.v1", owner="ledger")
    class PointsExpired(Event):
        "Docstring: what became true. A reader needs no second question."
        customer_id: UUID          # a field's type becomes its JSON Schema
        amount_minor: int

    await publish(tx, PointsExpired(...), key=customer_number, subject=str(customer_id), at=now)

`publish` collects; the rows are written by one call as the last statement before COMMIT, so that
the head row of a partition is locked for as short a time as can be.
"""
