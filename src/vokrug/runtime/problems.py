"""What a caller reads when we decline or fail: RFC 9457 problem documents, in the caller's language."""

from typing import Annotated, Any

import msgspec

from vokrug.kernel import Refusal, Retry, Text
from vokrug.runtime.signing import AUTHENTICATION_REFUSALS

PROBLEM_TYPE = b"application/problem+json"


class Problem(msgspec.Struct, omit_defaults=True):
    """An RFC 9457 problem document: what went wrong, what to do, and what to show to whom."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    ref: Annotated[str, msgspec.Meta(extra_json_schema={"format": "uuid"})]
    retry: Retry
    cashier_text: str
    customer_text: str
    facts: dict[str, Any] = {}


def _plain(value: object) -> str:
    return str(value)


encode_json = msgspec.json.Encoder(enc_hook=_plain).encode


def problem_of(refusal: Refusal, language: str, ref: str) -> Problem:
    """A refusal as its document. A text that asks for a fact we were not given is shown as written."""
    cashier = _said(refusal.cashier, language, refusal)
    return Problem(
        type=f"urn:vokrug:problem:{refusal.code}",
        title=refusal.title(),
        status=refusal.status,
        code=refusal.code,
        detail=_said(refusal.cashier, "en", refusal),
        ref=ref,
        retry=refusal.retry,
        cashier_text=cashier,
        customer_text=_said(refusal.customer, language, refusal) if refusal.customer else cashier,
        facts=refusal.facts,
    )


def _said(text: Text, language: str, refusal: Refusal) -> str:
    try:
        return text.say(language, **refusal.facts)
    except (KeyError, IndexError, ValueError):
        return text.say(language)


CALL_US = Text(
    en="The till's programme made a request we could not read. Please tell your support.",
    ru="Программа кассы отправила запрос, который нельзя прочитать. Сообщите в поддержку.",
)
TRY_AGAIN = Text(
    en="The service is busy. Please try again in a moment.",
    ru="Сервис занят. Повторите через несколько секунд.",
)


class BodyMalformed(Refusal):
    """The body is not the JSON it should be."""

    code, status, cashier = "body_malformed", 400, CALL_US


class BodyInvalid(Refusal):
    """The body is JSON, but not of the declared shape."""

    code, status = "body_invalid", 422
    cashier = Text(
        en="The request has a wrong field: {at} ({problem}).",
        ru="В запросе неверное поле: {at} ({problem}).",
    )


class AddressMalformed(Refusal):
    """The address is not readable as UTF-8 text."""

    code, status, cashier = "address_malformed", 400, CALL_US


class QueryInvalid(Refusal):
    """A parameter of the query is missing or not of its declared type."""

    code, status = "query_invalid", 422
    cashier = Text(
        en="The request has a wrong parameter: {name} ({problem}).",
        ru="В запросе неверный параметр: {name} ({problem}).",
    )


class PathUnknown(Refusal):
    """There is nothing at this address."""

    code, status = "path_unknown", 404
    cashier = Text(en="There is nothing at this address.", ru="По этому адресу ничего нет.")


class MethodNotAllowed(Refusal):
    """This address does not answer this method."""

    code, status = "method_not_allowed", 405
    cashier = Text(en="This address answers only {allowed}.", ru="Этот адрес отвечает только на {allowed}.")


class BodyTooSlow(Refusal):
    """The body did not arrive in time."""

    code, status, retry = "body_too_slow", 408, Retry.SAME
    cashier = Text(
        en="The line is too slow: the request did not arrive in time.",
        ru="Слишком медленная связь: запрос не успел дойти.",
    )


class BodyTooLarge(Refusal):
    """The body is larger than this endpoint takes."""

    code, status = "body_too_large", 413
    cashier = Text(
        en="The request is too large: at most {limit_bytes} bytes are taken.",
        ru="Слишком большой запрос: не больше {limit_bytes} байт.",
    )


class MediaTypeUnsupported(Refusal):
    """The body is of a kind that we do not read; send application/json in UTF-8."""

    code, status, cashier = "media_type_unsupported", 415, CALL_US


class RoleNotAllowed(Refusal):
    """The key is good, but keys of its role may not do this."""

    code, status = "role_not_allowed", 403
    cashier = Text(
        en="This till's key does not allow this operation.",
        ru="Ключ этой кассы не даёт права на эту операцию.",
    )


class AnswerTookTooLong(Refusal):
    """The answer did not come in time; nothing was done, or a repeat will return what was."""

    code, status, retry, cashier = "answer_took_too_long", 503, Retry.SAME, TRY_AGAIN


class TooManyRequests(Refusal):
    """This process already works on as many requests as it can."""

    code, status, retry, cashier = "too_many_requests_at_once", 503, Retry.SAME, TRY_AGAIN


class DatabaseUnavailable(Refusal):
    """The database does not answer."""

    code, status, retry, cashier = "database_unavailable", 503, Retry.SAME, TRY_AGAIN


class InternalError(Refusal):
    """A mistake of ours; it has been logged under the ref."""

    code, status, retry = "internal_error", 500, Retry.SAME
    cashier = Text(
        en="Something went wrong on our side. Please try again; if it persists, tell your support.",
        ru="Ошибка на нашей стороне. Повторите; если не поможет, сообщите в поддержку.",
    )


def expected_of(*, has_body: bool, has_parameters: bool, is_public: bool) -> list[type[Refusal]]:
    """What any endpoint of this shape may answer besides its own refusals."""
    found: list[type[Refusal]] = [AddressMalformed]
    if has_body:
        found += [BodyMalformed, BodyInvalid, MediaTypeUnsupported]
    if has_parameters:
        found += [PathUnknown, QueryInvalid]
    if not is_public:
        found += [*AUTHENTICATION_REFUSALS, RoleNotAllowed, TooManyRequests]
    return [
        *found,
        BodyTooSlow,
        BodyTooLarge,
        AnswerTookTooLong,
        DatabaseUnavailable,
        InternalError,
    ]
