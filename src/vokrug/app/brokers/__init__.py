"""Real brokers on this machine, for tests, benches and trying things out: never for a live installation."""

from vokrug.app.brokers.kafka import LocalKafka, kafka_missing
from vokrug.app.brokers.nats import LocalNats, nats_missing

__all__ = ["LocalKafka", "LocalNats", "kafka_missing", "nats_missing"]
