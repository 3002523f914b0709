"""Measures the stream of facts, and breaks everything under it: log, Kafka, NATS, PostgreSQL, our own processes."""
