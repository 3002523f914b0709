"""What the broker's side of the stream declines."""

from vokrug.kernel import Refusal, Text


class BrokerUrlMalformed(Refusal):
    """The broker's address cannot be understood."""

    code, status = "broker_url_malformed", 500
    cashier = Text(
        en="The broker's address is refused: {reason}. It looks like kafka://host:9092 or nats://host:4222.",
        ru="Адрес брокера не принят: {reason}. Он выглядит как kafka://host:9092 или nats://host:4222.",
    )


class BrokerExtraMissing(Refusal):
    """The client library of this broker is not installed."""

    code, status = "broker_extra_missing", 500
    cashier = Text(
        en="{scheme} needs a library that is not installed: pip install 'vokrug[{extra}]'.",
        ru="Для {scheme} нужна библиотека, которой нет: pip install 'vokrug[{extra}]'.",
    )


class TopicUnfit(Refusal):
    """The topic exists and cannot mirror the log."""

    code, status = "broker_topic_unfit", 409
    cashier = Text(
        en="Topic {topic} cannot mirror the log: {reason}.",
        ru="Топик {topic} не подходит для журнала: {reason}.",
    )


class TopicOfAnotherLog(Refusal):
    """The topic holds facts that this log never told."""

    code, status = "broker_topic_of_another_log", 409
    cashier = Text(
        en="Partition {partition} of {topic} ends with fact {id} at position {position}, which this log did not "
        "tell there. The topic belongs to another installation, or the database went back in time: name another "
        "topic.",
        ru="Раздел {partition} топика {topic} кончается фактом {id} на позиции {position}, которого в этом журнале "
        "там нет. Топик принадлежит другой установке или база вернулась в прошлое: укажите другой топик.",
    )


class NatsNotSynced(Refusal):
    """The NATS server acknowledges what it has not written to its disk."""

    code, status = "nats_not_synced", 409
    cashier = Text(
        en="The NATS server writes to its disk every {interval}, so a power cut would take acknowledged facts. "
        "Set sync_interval: always in its jetstream block.",
        ru="Сервер NATS пишет на диск раз в {interval}: при сбое питания пропадут подтверждённые факты. "
        "Задайте sync_interval: always в блоке jetstream.",
    )
