"""Why a signature was not accepted: the usual mistakes, tried one after another until one gives what the till sent."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import unquote

from vokrug.kernel import Text
from vokrug.runtime.signing import sign

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Request:
    """What was to be signed, as it went over the line."""

    secret: bytes
    method: str
    target: str
    ts: str
    body: bytes
    line_feed: str = "\n"
    body_hash: str = ""  # instead of the body's own

    def signature(self) -> bytes:
        digest = self.body_hash or hashlib.sha256(self.body).hexdigest()
        lines = self.line_feed.join((self.method, self.target, self.ts, digest))
        return hmac.digest(self.secret, lines.encode(), "sha256")


@dataclass(frozen=True, slots=True)
class Mistake:
    code: str
    text: Text
    make: Callable[[Request], Iterator[Request]]


def _mistake(code: str, en: str, ru: str, make: Callable[[Request], Iterator[Request]]) -> Mistake:
    return Mistake(code, Text(en=en, ru=ru), make)


def reencoded(one: Request) -> Iterator[Request]:
    try:
        told = json.loads(one.body)
    except ValueError:
        return
    for ascii in (True, False):
        for separators in (None, (",", ":")):
            yield replace(one, body=json.dumps(told, ensure_ascii=ascii, separators=separators).encode())


def in_cp1251(one: Request) -> Iterator[Request]:
    try:
        yield replace(one, body=one.body.decode().encode("cp1251"))
    except (UnicodeDecodeError, UnicodeEncodeError):
        return


def decoded_secrets(one: Request) -> Iterator[Request]:
    bare = one.secret.removeprefix(b"vks_")
    yield replace(one, secret=bare)
    for text in (one.secret, bare):
        for decode in (base64.b64decode, base64.urlsafe_b64decode, binascii.unhexlify):
            try:
                yield replace(
                    one, secret=decode(text + b"=" * (-len(text) % 4) if decode is not binascii.unhexlify else text)
                )
            except (binascii.Error, ValueError):
                continue
    yield replace(one, secret=one.secret + b"\n")
    yield replace(one, secret=BOM + one.secret)


MISTAKES: tuple[Mistake, ...] = (
    _mistake(
        "body_bom",
        "A byte order mark was signed or sent with the body.",
        "В подпись или в тело попала метка порядка байтов (BOM).",
        lambda one: iter(
            [replace(one, body=BOM + one.body)] + [replace(one, body=one.body[3:])] * one.body.startswith(BOM)
        ),
    ),
    _mistake(
        "body_newline",
        "A line feed at the end of the body was signed and not sent, or the other way round.",
        "Перевод строки в конце тела подписан, но не отправлен, или наоборот.",
        lambda one: iter(
            [replace(one, body=one.body + end) for end in (b"\n", b"\r\n")] + [replace(one, body=one.body.rstrip())]
        ),
    ),
    _mistake(
        "body_reencoded",
        "Another spelling of the same JSON was signed: sign the bytes that are sent.",
        "Подписано другое написание того же JSON: подписывайте именно отправляемые байты.",
        reencoded,
    ),
    _mistake(
        "body_cp1251",
        "The body was signed in cp1251; it is UTF-8.",
        "Тело подписано в cp1251, а нужно в UTF-8.",
        in_cp1251,
    ),
    _mistake(
        "body_empty",
        "An empty body was signed.",
        "Подписано пустое тело.",
        lambda one: iter([replace(one, body=b"")]),
    ),
    _mistake(
        "hash_upper",
        "The body's hash was signed in capital letters: 1C's hex is, make it small.",
        "Хеш тела подписан заглавными буквами: 1С даёт их так, приведите к строчным.",
        lambda one: iter([replace(one, body_hash=hashlib.sha256(one.body).hexdigest().upper())]),
    ),
    _mistake(
        "hash_base64",
        "The body's hash was signed in Base64; it is hex.",
        "Хеш тела подписан в Base64, а нужен hex.",
        lambda one: iter([replace(one, body_hash=base64.b64encode(hashlib.sha256(one.body).digest()).decode())]),
    ),
    _mistake(
        "body_itself",
        "The body itself was signed instead of its hash.",
        "Подписано само тело, а не его хеш.",
        lambda one: iter([replace(one, body_hash=one.body.decode("utf-8", "replace") or " ")]),
    ),
    _mistake(
        "line_feed",
        "The four lines were joined by CR LF (or by nothing); it is one line feed.",
        "Четыре строки соединены через CR LF (или ничем), а нужен один перевод строки.",
        lambda one: iter([replace(one, line_feed=feed) for feed in ("\r\n", "", " ", "\\n", "|")]),
    ),
    _mistake(
        "target",
        "Another path was signed: it is what stands in the request's first line, with the query, without the server.",
        "Подписан другой путь: нужен тот, что в первой строке запроса, с параметрами и без имени сервера.",
        lambda one: iter(
            replace(one, target=target)
            for target in (
                one.target.partition("?")[0],
                unquote(one.target),
                one.target + "/",
                one.target.lstrip("/"),
                one.target.removeprefix("/pos/v1"),
            )
        ),
    ),
    _mistake(
        "method",
        "The method was signed in small letters.",
        "Метод подписан строчными буквами.",
        lambda one: iter([replace(one, method=one.method.lower())]),
    ),
    _mistake(
        "time",
        "Another time was signed than was sent in `ts`, or it was in milliseconds.",
        "Подписано не то время, что отправлено в `ts`, или оно в миллисекундах.",
        lambda one: iter(
            [replace(one, ts=one.ts + "000")] + [replace(one, ts=str(int(one.ts) + off)) for off in (-1, 1)]
        ),
    ),
    _mistake(
        "secret",
        "The secret was cut or decoded: the key of the HMAC is its text as it was given, with `vks_`.",
        "Секрет обрезан или раскодирован: ключ HMAC - его текст как выдан, вместе с `vks_`.",
        decoded_secrets,
    ),
    _mistake(
        "no_hmac",
        "A plain SHA-256 was sent; it is an HMAC.",
        "Отправлен простой SHA-256, а нужен HMAC.",
        lambda one: iter(()),
    ),
)
UNKNOWN = Text(
    en="None of the usual mistakes gives this signature: compare the four lines above, one by one.",
    ru="Ни одна из частых ошибок не даёт такой подписи: сравните четыре строки выше по одной.",
)
GOOD = Text(en="The signature is right.", ru="Подпись верна.")


def explain(secret: str, *, method: str, target: str, ts: int, body: bytes, signature: str) -> Mistake | None:
    """The mistake that was made, if it is a usual one. Raises nothing: a till sends what it likes."""
    one = Request(secret.encode(), method, target, str(ts), body)
    sent = {signature.lower()}
    for mistake in MISTAKES:
        if mistake.code == "no_hmac":
            digest = hashlib.sha256(body).hexdigest()
            lines = f"{method}\n{target}\n{ts}\n{digest}".encode()
            if hashlib.sha256(lines).hexdigest() in sent or hashlib.sha256(secret.encode() + lines).hexdigest() in sent:
                return mistake
        elif any(made.signature().hex() in sent for made in mistake.make(one)):
            return mistake
    return None


def is_right(secret: str, *, method: str, target: str, ts: int, body: bytes, signature: str) -> bool:
    return hmac.compare_digest(sign(secret, method=method, target=target, at_s=ts, body=body), signature.lower())
