"""Offers tried on the chain's own past receipts: what they would have cost, whom they would have reached."""
