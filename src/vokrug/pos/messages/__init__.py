"""What the programme wants printed and shown: on receipts, on the customer's display, before the cashier."""
