"""What may be wrong with a till, in plain words: how bad it is, what it means, what to do."""

from dataclasses import dataclass
from typing import Literal

from vokrug.app.till_check.exchanges import Exchange
from vokrug.kernel import Text

Severity = Literal["blocker", "warning", "advice"]


@dataclass(frozen=True, slots=True)
class Kind:
    severity: Severity
    what: Text
    do: Text


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of trouble, how often, and where it is seen first."""

    code: str
    count: int
    example: Exchange

    @property
    def kind(self) -> Kind:
        return KINDS[self.code]


def _kind(severity: Severity, en: str, ru: str, do_en: str, do_ru: str) -> Kind:
    return Kind(severity, Text(en=en, ru=ru), Text(en=do_en, ru=do_ru))


KINDS: dict[str, Kind] = {
    "repeat_with_another_id": _kind(
        "blocker",
        "A document that got no answer was sent again under another id: it may count twice.",
        "Документ без ответа отправлен ещё раз с другим идентификатором: он может быть учтён дважды.",
        "Make the id once, at the first article, keep it with the check, repeat with the same.",
        "Создавайте идентификатор один раз, при первом товаре, храните с чеком и повторяйте с ним же.",
    ),
    "body_changed": _kind(
        "blocker",
        "The same document was sent again with other contents.",
        "Тот же документ отправлен повторно с другим содержимым.",
        "Keep the bytes that were sent and repeat them; what has changed is a new revision.",
        "Храните отправленное тело и повторяйте его; изменившийся чек - это новая ревизия.",
    ),
    "rev_not_raised": _kind(
        "blocker",
        "The basket changed and `rev` did not.",
        "Состав чека изменился, а `rev` - нет.",
        "Raise `rev` by one with every calculation of a changed basket.",
        "Увеличивайте `rev` на единицу при каждом расчёте изменённого чека.",
    ),
    "calculate_after_commit": _kind(
        "warning",
        "A check was calculated again after it had become final.",
        "Чек рассчитан ещё раз после завершения.",
        "A finished check is not touched again; what comes back is a return.",
        "Завершённый чек больше не трогают; то, что принесли обратно, - возврат.",
    ),
    "price_changed_ignored": _kind(
        "blocker",
        "The centre said `price_changed` and the till went on with its own sum.",
        "Центр ответил `price_changed`, а касса продолжила со своей суммой.",
        "Calculate again with a higher revision, show the new sum, then commit.",
        "Рассчитайте заново со следующей ревизией, покажите новую сумму и завершайте.",
    ),
    "commit_without_hold": _kind(
        "warning",
        "A check was made final whose price nobody had promised: it was calculated without `hold`.",
        "Завершён чек, цена которого не закреплена: расчёт был без `hold`.",
        "Calculate with `hold: true` when the cashier presses Total.",
        "Рассчитывайте с `hold: true`, когда кассир нажал «Итог».",
    ),
    "rounding": _kind(
        "blocker",
        "The till charged a little more or less than the centre reckoned: it rounds by itself.",
        "Касса взяла чуть больше или меньше, чем посчитал центр: она округляет сама.",
        "Print `split` as it comes, and charge `totals.to_pay`.",
        "Печатайте `split` как есть и берите `totals.to_pay`.",
    ),
    "sum_differs": _kind(
        "blocker",
        "The till charged another sum than the centre had promised.",
        "Касса взяла не ту сумму, которую обещал центр.",
        "Charge `totals.to_pay` of the last answer; a changed basket is calculated again.",
        "Берите `totals.to_pay` из последнего ответа; изменённый чек рассчитайте заново.",
    ),
    "clock_skew": _kind(
        "warning",
        "The till's clock is off by more than a minute.",
        "Часы кассы расходятся больше чем на минуту.",
        "Switch on time synchronisation, and add `X-Clock-Skew-S` of the answers to your clock.",
        "Включите синхронизацию времени и учитывайте `X-Clock-Skew-S` из ответов.",
    ),
    "stale_signatures": _kind(
        "blocker",
        "Requests are declined for the clock again and again: the till does not take the centre's time.",
        "Запросы раз за разом отклоняются из-за часов: касса не берёт время центра.",
        "Take `facts.server_ts` of the refusal, remember the difference, sign again.",
        "Возьмите `facts.server_ts` из отказа, запомните разницу и подпишите заново.",
    ),
    "signature": _kind(
        "blocker",
        "The centre did not accept the key or the signature.",
        "Центр не принял ключ или подпись.",
        "Compare with the samples: the body byte for byte, no BOM, path with its query, line feeds of one byte.",
        "Сверьте с образцами: тело байт в байт, без BOM, путь с параметрами, перевод строки - один байт.",
    ),
    "wrong_place": _kind(
        "blocker",
        "The till names a shop or a till that its key does not belong to.",
        "Касса называет магазин или кассу не своего ключа.",
        "Put in `shop` and `till` exactly as they were given with the key.",
        "Впишите `shop` и `till` точно так, как выданы вместе с ключом.",
    ),
    "request_malformed": _kind(
        "blocker",
        "The centre could not read a request.",
        "Центр не смог прочитать запрос.",
        '`detail` of the answer names the field. Money is text: "149.90".',
        'Поле названо в `detail` ответа. Деньги - строкой: "149.90".',
    ),
    "too_many_calls": _kind(
        "warning",
        "A check was calculated more than four times.",
        "Чек рассчитан больше четырёх раз.",
        "Calculate when the cashier presses Total, not at every article.",
        "Рассчитывайте по кнопке «Итог», а не при каждом товаре.",
    ),
    "timeout_too_long": _kind(
        "warning",
        "The till waits for an answer longer than five seconds while the shopper stands there.",
        "Касса ждёт ответа дольше пяти секунд, а покупатель стоит.",
        "Two seconds for identify, three for the rest; then sell without the centre.",
        "Две секунды на identify, три на остальное; затем продавайте без центра.",
    ),
    "timeout_too_short": _kind(
        "warning",
        "The till gives up before half a second has passed.",
        "Касса сдаётся раньше, чем через полсекунды.",
        "Two seconds for identify, three for the rest.",
        "Две секунды на identify, три на остальное.",
    ),
    "personal_data": _kind(
        "blocker",
        "Phones, names, tokens or secrets stand in the till's log.",
        "В журнале кассы - телефоны, имена, токены или секреты.",
        "Mask them before writing; two last digits are enough to find a case.",
        "Маскируйте до записи; двух последних цифр довольно, чтобы найти случай.",
    ),
    "return_without_original": _kind(
        "blocker",
        "A return does not say what it returns.",
        "Возврат не говорит, что возвращают.",
        "Send `original` with the check's id or with the fiscal sign of its receipt.",
        "Передавайте `original`: идентификатор чека или фискальный признак с него.",
    ),
    "never_sent_again": _kind(
        "blocker",
        "A sale or a return got no answer and was never sent again: the centre may not know it.",
        "Продажа или возврат без ответа больше не отправлялись: центр может о них не знать.",
        "Put the document into a queue before it is sent; repeat until the centre answers.",
        "Кладите документ в очередь до отправки и повторяйте, пока центр не ответит.",
    ),
    "never_means_never": _kind(
        "warning",
        "A request that the centre had refused for good (`retry: never`) was sent again unchanged.",
        "Запрос, отклонённый навсегда (`retry: never`), отправлен снова без изменений.",
        "Stop, show `cashier_text`, keep the document for a person.",
        "Остановитесь, покажите `cashier_text`, оставьте документ человеку.",
    ),
    "hammering": _kind(
        "warning",
        "The till repeats several times a second.",
        "Касса повторяет запрос несколько раз в секунду.",
        "Wait between repeats, longer each time: 5, 10, 20 seconds and on.",
        "Ждите между повторами, с каждым разом дольше: 5, 10, 20 секунд и далее.",
    ),
    "hold_kept": _kind(
        "warning",
        "Checks were promised and neither made final nor cancelled: points stay set aside.",
        "Чеки рассчитаны с обещанием, но не завершены и не отменены: баллы остаются отложенными.",
        "Send `:cancel` when the cashier drops a check.",
        "Отправляйте `:cancel`, когда кассир бросает чек.",
    ),
    "no_heartbeat": _kind(
        "advice",
        "No heartbeat in the whole log: nobody will see that the till is in trouble.",
        "В журнале нет ни одного пульса: никто не увидит, что кассе плохо.",
        "Send `POST /pos/v1/heartbeat` every minute.",
        "Отправляйте `POST /pos/v1/heartbeat` каждую минуту.",
    ),
}
