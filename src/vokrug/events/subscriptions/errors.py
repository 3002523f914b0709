"""What subscriptions decline."""

from vokrug.kernel import Refusal, Retry, Text


class SubscriptionUnknown(Refusal):
    """There is no such subscription, or it is not yours."""

    code, status = "subscription_unknown", 404
    cashier = Text(en="There is no subscription {name}.", ru="Подписки {name} нет.")


class SubscriptionNameTaken(Refusal):
    """Somebody subscribes under this name already, to something else."""

    code, status = "subscription_name_taken", 409
    cashier = Text(
        en="The name {name} belongs to another subscription. Choose another.",
        ru="Имя {name} занято другой подпиской. Выберите другое.",
    )


class FilterMalformed(Refusal):
    """The filter is not an expression of CloudEvents SQL."""

    code, status = "subscription_filter_malformed", 422
    cashier = Text(
        en="The filter cannot be understood at character {at}: {problem}.",
        ru="Фильтр непонятен в позиции {at}: {problem}.",
    )


class NoBroker(Refusal):
    """This installation has no broker to deliver to."""

    code, status = "subscription_no_broker", 409
    cashier = Text(
        en="There is no broker here: set VOKRUG_BROKER_URL, or choose pull, sse or webhook.",
        ru="Брокера здесь нет: задайте VOKRUG_BROKER_URL или выберите pull, sse или webhook.",
    )


class TopicTaken(Refusal):
    """The topic belongs to another subscription, or mirrors the whole log."""

    code, status = "subscription_topic_taken", 409
    cashier = Text(
        en="Topic {topic} is taken: each subscription has a topic of its own. Choose another name.",
        ru="Топик {topic} занят: у каждой подписки свой топик. Выберите другое имя.",
    )


class PurposeUnknown(Refusal):
    """No field of the wanted types is kept for this purpose."""

    code, status = "subscription_purpose_unknown", 422
    cashier = Text(
        en="No field of these types is kept for “{purpose}”. Known: {known}.",
        ru="Ни одно поле этих типов не хранится для цели «{purpose}». Известны: {known}.",
    )


class PurposeNeeded(Refusal):
    """The whole of this type is read for a purpose only, and the subscription does not name it."""

    code, status = "subscription_purpose_needed", 422
    cashier = Text(
        en="{name} is read for “{purpose}” only. Name this purpose, if it is yours.",
        ru="{name} читают только для цели «{purpose}». Укажите эту цель, если она ваша.",
    )


class StartMalformed(Refusal):
    """It is not said from where to read, or said twice."""

    code, status = "subscription_start_malformed", 422
    cashier = Text(
        en="Say where to start: now, beginning, time with `start_time`, or cursor with `start_cursor`.",
        ru="Укажите начало: now, beginning, time вместе со `start_time` или cursor вместе со `start_cursor`.",
    )


class EndpointRefused(Refusal):
    """Webhooks are not sent to this address."""

    code, status = "webhook_address_refused", 422
    cashier = Text(en="Webhooks are not sent to {url}: {reason}.", ru="На {url} вебхуки не отправляются: {reason}.")


class EndpointNeeded(Refusal):
    """A webhook needs an endpoint, and only a webhook has one."""

    code, status = "webhook_endpoint_needed", 422
    cashier = Text(
        en="A webhook needs an `endpoint`, other deliveries have none; a broker needs a `topic`.",
        ru="Вебхуку нужен `endpoint`, у остальных способов его нет; брокеру нужен `topic`.",
    )


class EndpointDisagreed(Refusal):
    """The receiver did not agree to be sent webhooks."""

    code, status, retry = "webhook_not_agreed", 409, Retry.LATER
    cashier = Text(
        en="{url} did not agree to webhooks: {reason}. It must answer OPTIONS with WebHook-Allowed-Origin.",
        ru="{url} не подтвердил приём вебхуков: {reason}. На OPTIONS он должен ответить WebHook-Allowed-Origin.",
    )


class FourEyes(Refusal):
    """Who asked for a subscription does not approve it."""

    code, status = "subscription_needs_another_pair_of_eyes", 403
    cashier = Text(
        en="You asked for {name} yourself. Another member of staff has to approve it.",
        ru="Подписку {name} запросили вы. Одобрить её должен другой сотрудник.",
    )


class StateForbids(Refusal):
    """The subscription is not in a state for this."""

    code, status, retry = "subscription_state_forbids", 409, Retry.LATER
    cashier = Text(
        en="Subscription {name} is {state}: that is not possible now.",
        ru="Подписка {name} в состоянии «{state}»: сейчас это невозможно.",
    )


class DeliveryOtherwise(Refusal):
    """The subscription receives its facts in another way."""

    code, status = "subscription_delivery_otherwise", 409
    cashier = Text(
        en="Subscription {name} is delivered by {delivery}.", ru="Подписка {name} доставляется через {delivery}."
    )


class CursorAhead(Refusal):
    """The place lies behind the end of the log."""

    code, status = "subscription_cursor_ahead", 422
    cashier = Text(
        en="The log has not come as far as “{given}”.",
        ru="Журнал ещё не дошёл до «{given}».",
    )


class TooFast(Refusal):
    """The subscription reads faster than was agreed."""

    code, status, retry = "subscription_too_fast", 429, Retry.SAME
    cashier = Text(
        en="Subscription {name} may read {max_per_s} events a second. Try again in {retry_after_s} s.",
        ru="Подписка {name} читает не больше {max_per_s} событий в секунду. Повторите через {retry_after_s} с.",
    )


class TooManyStreams(Refusal):
    """This process has as many open streams as it can carry."""

    code, status, retry = "subscription_too_many_streams", 503, Retry.SAME
    cashier = Text(
        en="Too many streams are open. Try again shortly.", ru="Открыто слишком много потоков. Повторите позже."
    )
