"""What coupons decline."""

from vokrug.kernel import Refusal, Retry, Text


class PoolUnknown(Refusal):
    """There is no such pool of coupons."""

    code, status = "coupon_pool_unknown", 404
    cashier = Text(en="There is no such pool of coupons.", ru="Такой серии купонов нет.")


class PoolNonsense(Refusal):
    """The pool of coupons contradicts itself. `field` says where."""

    code, status = "coupon_pool_nonsense", 422
    cashier = Text(en="The coupons cannot be made: {field}: {why}.", ru="Купоны нельзя выпустить: {field}: {why_ru}.")


class PoolKeyTaken(Refusal):
    """Another pool of coupons bears this key, or the id came with something else in it."""

    code, status = "coupon_pool_key_taken", 409
    cashier = Text(en="The key {key} belongs to another pool.", ru="Ключ {key} занят другой серией.")


class CodesTooFew(Refusal):
    """So many codes of this length could be guessed: a guess must be right less than once in a million times."""

    code, status = "coupon_codes_too_short", 422
    cashier = Text(
        en="{count} codes need at least {length} random characters, or they could be guessed.",
        ru="Для {count} кодов нужно не меньше {length} случайных знаков, иначе их можно подобрать.",
    )


class IssueIdReused(Refusal):
    """The id of this issue came before with another pool or count."""

    code, status = "coupon_issue_id_reused", 409
    cashier = Text(en="This id was used for another issue.", ru="Этот идентификатор уже занят другим выпуском.")


class CodeTaken(Refusal):
    """Another pool knows this code already."""

    code, status = "coupon_code_taken", 409
    cashier = Text(en="The code {typed} is in use already.", ru="Код {typed} уже занят.")


class CodeUnknown(Refusal):
    """There is no such code."""

    code, status = "coupon_unknown", 404
    cashier = Text(en="There is no such coupon.", ru="Такого купона нет.")


class CouponRefused(Refusal):
    """The coupon can no longer be had for this check."""

    code, status, retry = "coupon_refused", 409, Retry.LATER
    cashier = Text(
        en="A coupon of this check was used elsewhere; calculate again.",
        ru="Купон из этого чека уже использован; повторите расчёт.",
    )


class LimitReached(Refusal):
    """An offer of this check has reached its limit meanwhile."""

    code, status, retry = "offer_limit_reached", 409, Retry.LATER
    cashier = Text(
        en="An offer of this check has run out; calculate again.",
        ru="Акция из этого чека исчерпана; повторите расчёт.",
    )
