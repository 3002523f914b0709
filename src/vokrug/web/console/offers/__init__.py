"""Offers at the console: seen as sentences, built as sentences, tried on a basket, let run and paused."""
