"""What a till is put through: an order to its cashier, an accident on the line, and what must come of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from vokrug.app.till_check.exchanges import Exchange
from vokrug.app.till_check.line import (
    LOSE_ANSWER,
    LOSE_REQUEST,
    NONE,
    Accident,
    Choose,
    instead,
    recast,
    slow,
)
from vokrug.kernel import Text

Judge = Callable[[Sequence[Exchange]], Text | None]
SLOW_S = 6.0
GIVES_UP_WITHIN = timedelta(seconds=5.5)


@dataclass(frozen=True)
class Play:
    """`choose` makes what befalls each request of the play; `judge` says what is wrong, or nothing."""

    code: str
    title: Text
    order: Text  # what the cashier should do
    choose: Callable[[], Choose]
    judge: Judge


def at(verb: str, *accidents: Accident, kind: str = "checks") -> Callable[[], Choose]:
    """These befall the first requests of a verb, one each."""

    def make() -> Choose:
        waiting = list(accidents)

        def choose(method: str, path: str, body: Any) -> Accident:
            if waiting and path.split("?")[0].endswith(f":{verb}") and f"/{kind}/" in path:
                return waiting.pop(0)
            return NONE

        return choose

    return make


def nothing() -> Choose:
    return lambda method, path, body: NONE


def unless_printed(accident: Accident) -> Callable[[], Choose]:
    """The first commit without a fiscal sign: with one, the centre refuses nothing."""

    def make() -> Choose:
        waiting = [accident]

        def choose(method: str, path: str, body: Any) -> Accident:
            is_open = path.endswith(":commit") and "/checks/" in path and not (body or {}).get("fiscal")
            return waiting.pop() if waiting and is_open else NONE

        return choose

    return make


def first_call_stale() -> Choose:
    """The line says what a centre says to a clock an hour behind, once."""
    import time

    waiting = [True]

    def choose(method: str, path: str, body: Any) -> Accident:
        if not waiting or "/pos/v1/" not in path:
            return NONE
        waiting.clear()
        now_s = int(time.time())
        return instead(
            401,
            code="stale_signature",
            status=401,
            retry="never",
            cashier_text="Часы кассы расходятся с нашими.",
            facts={"skew_s": -3600, "server_ts": now_s},
        )

    return choose


# Judges


def commits(seen: Sequence[Exchange]) -> list[Exchange]:
    return [one for one in seen if one.kind == "checks" and one.verb == "commit"]


def sold(seen: Sequence[Exchange]) -> Text | None:
    """A sale came to its end, and to one."""
    sent = commits(seen)
    if not sent:
        return Text(en="No commit came.", ru="Завершение чека не пришло.")
    if not any(one.is_done for one in sent):
        return Text(en="The check did not become final.", ru="Чек не завершён.")
    if len({one.uid for one in sent}) > 1:
        return Text(en="One sale came under several ids.", ru="Одна продажа пришла с разными идентификаторами.")
    return None


def sold_after_repeating(seen: Sequence[Exchange]) -> Text | None:
    if (wrong := sold(seen)) is not None:
        return wrong
    sent = commits(seen)
    if len(sent) < 2:
        return Text(en="The commit was not sent again.", ru="Завершение чека не отправлено повторно.")
    return None


def sold_again_as_it_was(seen: Sequence[Exchange]) -> Text | None:
    if (wrong := sold_after_repeating(seen)) is not None:
        return wrong
    first, second = commits(seen)[:2]
    if first.body != second.body:
        return Text(en="The repeat had other contents.", ru="Повтор пришёл с другим содержимым.")
    return None


def went_by_the_new_price(seen: Sequence[Exchange]) -> Text | None:
    refused = [place for place, one in enumerate(seen) if one.code == "price_changed"]
    if not refused:
        return sold(seen)  # it commits after printing: nothing to be refused
    later = seen[refused[0] + 1 :]
    again = [one for one in later if one.verb == "calculate"]
    if not again:
        dropped = any(one.verb == "cancel" for one in later)
        return None if dropped else Text(en="It did not calculate again.", ru="Касса не рассчитала чек заново.")
    if again[0].of_body("rev") == seen[refused[0]].of_body("rev"):
        return Text(en="The revision was not raised.", ru="Ревизия не увеличена.")
    return sold(later)


def took_it_for_done(seen: Sequence[Exchange]) -> Text | None:
    if (wrong := sold(seen)) is not None:
        return wrong
    done = next(place for place, one in enumerate(seen) if one.verb == "commit" and one.is_done)
    if any(one.verb in ("commit", "calculate", "cancel") and one.uid == seen[done].uid for one in seen[done + 1 :]):
        return Text(en="202 means recorded: nothing more is to be sent.", ru="202 - записано: больше ничего не надо.")
    return None


def did_not_stand(seen: Sequence[Exchange]) -> Text | None:
    waited = next((place for place, one in enumerate(seen) if one.accident == "slow"), None)
    if waited is None:
        return Text(en="No calculation came.", ru="Расчёт не пришёл.")
    began = seen[waited].sent_at
    others = [one for one in seen if one is not seen[waited] and one.sent_at > began]
    if not any(one.sent_at - began < GIVES_UP_WITHIN for one in others):
        return Text(en="The till stood still for six seconds.", ru="Касса стояла шесть секунд.")
    return sold(seen)


def let_go(seen: Sequence[Exchange]) -> Text | None:
    if not any(one.verb == "calculate" for one in seen):
        return Text(en="No calculation came.", ru="Расчёт не пришёл.")
    if not any(one.verb == "cancel" and one.is_done for one in seen):
        return Text(en="No cancel came.", ru="Отмена не пришла.")
    return None


def brought_back(seen: Sequence[Exchange]) -> Text | None:
    sent = [one for one in seen if one.kind == "returns" and one.verb == "commit"]
    if not any(one.is_done for one in sent):
        return Text(en="No return became final.", ru="Возврат не завершён.")
    return None


def came_after_a_lost_answer(seen: Sequence[Exchange]) -> Text | None:
    if (wrong := brought_back(seen)) is not None:
        return wrong
    sent = [one for one in seen if one.kind == "returns" and one.verb == "commit"]
    if len({one.uid for one in sent}) > 1:
        return Text(en="One return came under several ids.", ru="Один возврат пришёл с разными идентификаторами.")
    return None if len(sent) > 1 else Text(en="It was not sent again.", ru="Возврат не отправлен повторно.")


SELL = Text(en="Sell one coffee to the known shopper.", ru="Продайте один кофе известному покупателю.")

PLAYS: tuple[Play, ...] = (
    Play("plain", Text(en="A plain sale", ru="Обычная продажа"), SELL, nothing, sold),
    Play(
        "lost_answer",
        Text(en="The answer to the commit is lost", ru="Ответ на завершение потерян"),
        SELL,
        at("commit", LOSE_ANSWER),
        sold_again_as_it_was,
    ),
    Play(
        "lost_price",
        Text(en="No line when the price is asked", ru="Нет связи при расчёте"),
        SELL,
        at("calculate", LOSE_REQUEST, LOSE_REQUEST),
        sold,
    ),
    Play(
        "busy",
        Text(en="The centre is busy three times", ru="Центр трижды занят"),
        SELL,
        at("commit", *[instead(503, code="overloaded", status=503, retry="same", cashier_text="Сервис занят.")] * 3),
        sold_after_repeating,
    ),
    Play(
        "price_changed",
        Text(en="The price has changed", ru="Цена изменилась"),
        SELL,
        unless_printed(
            instead(409, code="price_changed", status=409, retry="later", cashier_text="Сумма отличается.", facts={})
        ),
        went_by_the_new_price,
    ),
    Play(
        "late",
        Text(en="Recorded late, as printed", ru="Записано с опозданием, как напечатано"),
        SELL,
        at("commit", recast(202, status="accepted_late", deviation="1.00")),
        took_it_for_done,
    ),
    Play(
        "slow",
        Text(en="The price comes after six seconds", ru="Расчёт приходит через шесть секунд"),
        SELL,
        at("calculate", slow(SLOW_S)),
        did_not_stand,
    ),
    Play(
        "clock",
        Text(en="The till's clock is wrong", ru="Часы кассы неверны"),
        SELL,
        first_call_stale,
        sold,
    ),
    Play(
        "cancel",
        Text(en="The shopper leaves before paying", ru="Покупатель ушёл до оплаты"),
        Text(en="Begin a sale of one coffee, press Total, cancel.", ru="Начните продажу кофе, «Итог», отмените чек."),
        nothing,
        let_go,
    ),
    Play(
        "return",
        Text(en="Goods come back, and the answer is lost", ru="Возврат, и ответ потерян"),
        Text(en="Return the coffee of the first sale.", ru="Верните кофе из первой продажи."),
        at("commit", LOSE_ANSWER, kind="returns"),
        came_after_a_lost_answer,
    ),
)
