"""What promotions decline."""

from vokrug.kernel import Refusal, Retry, Text


class OfferUnknown(Refusal):
    """There is no such offer, or no such version of it."""

    code, status = "offer_unknown", 404
    cashier = Text(en="There is no such offer.", ru="Такой акции нет.")


class OfferNonsense(Refusal):
    """The offer is malformed, or would make no sense. `field` says where."""

    code, status = "offer_nonsense", 422
    cashier = Text(en="The offer cannot be used: {field}: {why}.", ru="Акцию нельзя использовать: {field}: {why_ru}.")


class OfferKeyTaken(Refusal):
    """Another offer already bears this key."""

    code, status = "offer_key_taken", 409
    cashier = Text(en="The key {key} belongs to another offer.", ru="Ключ {key} занят другой акцией.")


class OfferIdReused(Refusal):
    """The id came before with something else in it."""

    code, status = "offer_id_reused", 409
    cashier = Text(en="This id was used for another offer.", ru="Этот идентификатор уже занят другой акцией.")


class OfferNotReady(Refusal):
    """The version is not in a state from which it can go there."""

    code, status, retry = "offer_not_ready", 409, Retry.LATER
    cashier = Text(
        en="A version that is {state} cannot become {wanted}.",
        ru="Версия в состоянии «{state}» не может перейти в «{wanted}».",
    )


class BasketNonsense(Refusal):
    """The basket to be tried contradicts itself."""

    code, status = "basket_nonsense", 422
    cashier = Text(en="The basket is wrong: {field}: {why}.", ru="Ошибка в чеке: {field}: {why_ru}.")


class BacktestUnknown(Refusal):
    """There is no such backtest."""

    code, status = "backtest_unknown", 404
    cashier = Text(en="There is no such backtest.", ru="Такой проверки на истории нет.")


class BacktestIdReused(Refusal):
    """The id came before with another question."""

    code, status = "backtest_id_reused", 409
    cashier = Text(
        en="This id was used for another backtest.", ru="Этот идентификатор уже занят другой проверкой на истории."
    )


class BacktestNonsense(Refusal):
    """What is asked cannot be reckoned. `field` says where."""

    code, status = "backtest_nonsense", 422
    cashier = Text(
        en="The backtest cannot be run: {field}: {why}.", ru="Проверку на истории не запустить: {field}: {why_ru}."
    )


class ListUnknown(Refusal):
    """There is no such list of customers."""

    code, status = "list_unknown", 404
    cashier = Text(en="There is no list {key}.", ru="Списка {key} нет.")


class ListKeyMalformed(Refusal):
    """A list's key is a short word: small Latin letters, digits, dot, dash and underscore."""

    code, status = "list_key_malformed", 422
    cashier = Text(en="The list's key is not a short word.", ru="Ключ списка — короткое слово латиницей.")


class FileHeadMissing(Refusal):
    """The file is neither lines of JSON nor a CSV whose first line names a column `customer`."""

    code, status = "file_head_missing", 422
    cashier = Text(
        en="The file has no first line with a column “customer”.", ru="В файле нет первой строки со столбцом customer."
    )


class CampaignUnknown(Refusal):
    """There is no such campaign."""

    code, status = "campaign_unknown", 404
    cashier = Text(en="There is no such campaign.", ru="Такой кампании нет.")


class CampaignNotReady(Refusal):
    """The campaign is not in a state from which it can go there."""

    code, status = "campaign_not_ready", 409
    cashier = Text(
        en="A campaign that is {state} cannot become {wanted}.",
        ru="Кампания в состоянии «{state}» не может перейти в «{wanted}».",
    )


class TierNonsense(Refusal):
    """The tiers contradict themselves. `field` says where."""

    code, status = "tier_nonsense", 422
    cashier = Text(en="The levels cannot be used: {field}: {why}.", ru="Уровни нельзя использовать: {field}: {why_ru}.")


class TierUnknown(Refusal):
    """There is no such tier."""

    code, status = "tier_unknown", 404
    cashier = Text(en="There is no level {tier}.", ru="Уровня {tier} нет.")


class ExperimentUnknown(Refusal):
    """There is no such experiment."""

    code, status = "experiment_unknown", 404
    cashier = Text(en="There is no such experiment.", ru="Такого эксперимента нет.")


class ReferralRefused(Refusal):
    """The invitation cannot be accepted. `reason` says why."""

    code, status = "referral_refused", 409
    cashier = Text(en="The invitation cannot be accepted: {reason}.", ru="Приглашение не принято: {reason}.")
