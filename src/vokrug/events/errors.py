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
        ru="{name}: поле «{field}», {reason}. На него рассчитывают: оформите новую версию события.",
    )


class ReactionUnknown(Refusal):
    """No reaction of this name has ever read the log."""

    code, status = "reaction_unknown", 404
    cashier = Text(en="There is no reaction {name}.", ru="Реакции {name} нет.")


class ReactionNameTaken(Refusal):
    """A replay needs a name that nobody reads under."""

    code, status = "reaction_name_taken", 409
    cashier = Text(en="The name {name} already has a place in the log.", ru="Имя {name} уже занято в журнале.")
