"""What the stream of facts declines."""

from vokrug.kernel import Refusal, Text


class EventTypeUnknown(Refusal):
    """Nobody tells facts of this type."""

    code, status = "event_type_unknown", 404
    cashier = Text(en="There is no event type {name}.", ru="Типа событий {name} нет.")


class CursorMalformed(Refusal):
    """The place to read from cannot be understood."""

    code, status = "event_cursor_malformed", 422
    cashier = Text(
        en="“{given}” is not a place in the log. Send the `next` of the previous page, or nothing.",
        ru="«{given}» — не место в журнале. Пришлите `next` предыдущей страницы или ничего.",
    )


class LimitMalformed(Refusal):
    """A page holds between one fact and a thousand."""

    code, status = "event_limit_malformed", 422
    cashier = Text(
        en="A page holds 1 to {most} events, not “{given}”.",
        ru="На странице от 1 до {most} событий, а не «{given}».",
    )


class EventMalformed(Refusal):
    """The fact does not fit the schema of its type."""

    code, status = "event_malformed", 422
    cashier = Text(
        en="An event {name} does not fit its schema at “{field}”.",
        ru="Событие {name} не соответствует схеме в поле «{field}».",
    )


class SchemaIncompatible(Refusal):
    """A schema changed in a way its readers were not promised."""

    code, status = "event_schema_incompatible", 409
    cashier = Text(
        en="{name}: field “{field}” {reason}. Readers rely on it: tell the change as a new version.",
        ru="{name}: поле «{field}» {reason_ru}. На него рассчитывают: оформите новую версию события.",
    )


class ConsumerWouldBreak(Refusal):
    """A registered consumer reads what the change takes away."""

    code, status = "event_consumer_would_break", 409
    cashier = Text(
        en="{name}: field “{field}” {reason}, and {consumer} reads it. Agree with them or make a new version.",
        ru="{name}: поле «{field}» {reason_ru}, а его читает {consumer}. Договоритесь или выпустите новую версию.",
    )


class SchemaMalformed(Refusal):
    """What was sent is not a schema that facts can be checked by."""

    code, status = "event_schema_malformed", 422
    cashier = Text(
        en="The schema of {name} cannot be used at “{field}”: {problem}.",
        ru="Схема {name} не годится в «{field}»: {problem_ru}.",
    )


class ExampleMalformed(Refusal):
    """An example does not fit the schema."""

    code, status = "event_example_malformed", 422
    cashier = Text(
        en="Example {number} of {name} does not fit the schema at “{field}”.",
        ru="Пример {number} события {name} не соответствует схеме в поле «{field}».",
    )


class UpcastMissing(Refusal):
    """A new version says nothing about how facts of the previous one become facts of this one."""

    code, status = "event_upcast_missing", 422
    cashier = Text(
        en="Say how facts of {previous} become {name}: `upcast`.",
        ru="Укажите, как события {previous} становятся {name}: поле `upcast`.",
    )


class UpcastMalformed(Refusal):
    """A step from one version to the next cannot be made."""

    code, status = "event_upcast_malformed", 422
    cashier = Text(
        en="{name}: an example of {previous} does not become one of this version, at “{field}”.",
        ru="{name}: пример события {previous} не переводится в эту версию, поле «{field}».",
    )


class TypeNameMalformed(Refusal):
    """An event is named like `shop.order_paid.v1`."""

    code, status = "event_type_name_malformed", 422
    cashier = Text(
        en="An event is named like shop.order_paid.v1, not “{given}”.",
        ru="Событие называется как shop.order_paid.v1, а не «{given}».",
    )


class EventTypeNotYours(Refusal):
    """The type, or the domain it belongs to, is another's."""

    code, status = "event_type_not_yours", 403
    cashier = Text(en="{name} is told by {owner}.", ru="О {name} сообщает {owner}.")


class ConsumerUnknown(Refusal):
    """No consumer is registered under this name."""

    code, status = "event_consumer_unknown", 404
    cashier = Text(en="There is no consumer {name}.", ru="Потребителя {name} нет.")


class ConsumerNameMalformed(Refusal):
    """A consumer has a plain name."""

    code, status = "event_consumer_name_malformed", 422
    cashier = Text(
        en="A consumer is named in small letters, digits, dots and dashes, not “{given}”.",
        ru="Имя потребителя: строчные латинские буквы, цифры, точки и дефисы, а не «{given}».",
    )


class ConsumerNotYours(Refusal):
    """Another key registered this consumer."""

    code, status = "event_consumer_not_yours", 403
    cashier = Text(en="The consumer {name} belongs to another key.", ru="Потребитель {name} принадлежит другому ключу.")


class EventFieldUnknown(Refusal):
    """The type has no such field."""

    code, status = "event_field_unknown", 422
    cashier = Text(en="{name} has no field “{field}”.", ru="У события {name} нет поля «{field}».")


class NothingToAcknowledge(Refusal):
    """The consumer owes no word on this fact."""

    code, status = "event_nothing_to_acknowledge", 404
    cashier = Text(
        en="{consumer} owes no acknowledgement of event {event}.",
        ru="Подтверждение события {event} от {consumer} не ожидается.",
    )


class EventNotCloud(Refusal):
    """What was sent is not a CloudEvent 1.0."""

    code, status = "event_not_a_cloud_event", 422
    cashier = Text(
        en="This is not a CloudEvent 1.0 with JSON data: “{field}”.",
        ru="Это не CloudEvent 1.0 с данными JSON: «{field}».",
    )


class EventIdReused(Refusal):
    """Another event was told under the same source and id."""

    code, status = "event_id_reused", 409
    cashier = Text(
        en="Event {id} of {source} was already told with another body.",
        ru="Событие {id} от {source} уже принято с другим содержимым.",
    )


class EventCustomerUnknown(Refusal):
    """Nobody is known by what the event names its customer by."""

    code, status = "event_customer_unknown", 422
    cashier = Text(
        en="Nobody is known by “{field}” of this event.",
        ru="По полю «{field}» этого события никто не найден.",
    )


class BatchTooLong(Refusal):
    """A batch holds a thousand events."""

    code, status = "event_batch_too_long", 422
    cashier = Text(
        en="A batch holds at most {most} events, not {given}.",
        ru="В пачке не больше {most} событий, а не {given}.",
    )


class DeadLetterUnknown(Refusal):
    """There is no such dead letter, or it is another's."""

    code, status = "event_dead_letter_unknown", 404
    cashier = Text(en="There is no dead letter {id}.", ru="Отложенного события {id} нет.")


class DeadLetterEnded(Refusal):
    """The dead letter was taken or discarded already."""

    code, status = "event_dead_letter_ended", 409
    cashier = Text(
        en="The dead letter {id} was already dealt with: {state}.",
        ru="С отложенным событием {id} уже разобрались: {state}.",
    )


class ReactionUnknown(Refusal):
    """No reaction of this name has ever read the log."""

    code, status = "reaction_unknown", 404
    cashier = Text(en="There is no reaction {name}.", ru="Реакции {name} нет.")


class ReactionNameTaken(Refusal):
    """A replay needs a name that nobody reads under."""

    code, status = "reaction_name_taken", 409
    cashier = Text(en="The name {name} already has a place in the log.", ru="Имя {name} уже занято в журнале.")
