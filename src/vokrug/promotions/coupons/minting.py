"""Codes that nobody can guess, millions at a time, and codes that prove themselves without a line.

The codes of an issue follow from a key and the issue's number: an AES keystream, five bits a letter. So a
stream that broke off is made again, and the database may keep digests alone. Letters are worked on column by
column, as whole byte strings: a code costs no Python of its own.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from functools import cached_property

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from vokrug.promotions.coupons.writing import DIGITS, LETTERS, CheckKind, check_character, twice

_STANDARD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_OURS = bytes.maketrans(_STANDARD, LETTERS.encode())
_VALUE = bytes(LETTERS.find(chr(i)) if chr(i) in LETTERS else 0 for i in range(256))
_LETTER = LETTERS.encode() + bytes(256 - 32)
MAC_LETTERS = 8  # 40 bits: a guess is right once in a million million
SIGNED_HEAD = 9  # key id 1, pool 3, serial 5


def random_letters(key: bytes, issue: int, start: int, count: int, length: int) -> bytes:
    """`count` × `length` letters of an issue's keystream, from its code `start` on."""
    first_bit = start * length * 5
    block, skip_bits = divmod(first_bit, 640)  # 80 bytes: whole AES blocks and whole groups of eight letters
    letters = skip_bits // 5 + count * length
    size = (letters + 127) // 128 * 80
    counter = (issue << 64 | block * 5).to_bytes(16)
    stream = Cipher(algorithms.AES(key), modes.CTR(counter)).encryptor().update(bytes(size))
    return base64.b32encode(stream).translate(_OURS)[skip_bits // 5 : letters]


def mint(
    key: bytes, issue: int, start: int, count: int, *, prefix: str, length: int, alphabet: str, check: CheckKind
) -> list[str]:
    """The codes number `start` to `start + count` of an issue: prefix, letters, check character."""
    if alphabet == "digits" or check == "luhn":
        return _mint_slowly(key, issue, start, count, prefix=prefix, length=length, alphabet=alphabet, check=check)
    body = random_letters(key, issue, start, count, length)
    width = length
    if check == "damm":
        state = _damm_of(prefix)
        total = int.from_bytes(bytes([_power(state, length)]) * count)
        for place in range(length):
            times = bytes(_power(value & 31, length - place) for value in range(256))
            total ^= int.from_bytes(body[place::length].translate(_VALUE).translate(times))
        columns = [body[place::length] for place in range(length)]
        columns.append(total.to_bytes(count).translate(_LETTER))
        width = length + 1
        joined = bytearray(count * width)
        for place, column in enumerate(columns):
            joined[place::width] = column
        body = bytes(joined)
    text = body.decode()
    return [prefix + text[i : i + width] for i in range(0, count * width, width)]


def _mint_slowly(
    key: bytes, issue: int, start: int, count: int, *, prefix: str, length: int, alphabet: str, check: CheckKind
) -> list[str]:
    """Digits, and Luhn's formula, whose doubling does not fall apart into columns."""
    letters = random_letters(key, issue, start, count, 24).decode()
    signs = DIGITS if alphabet == "digits" else LETTERS
    codes = []
    for i in range(0, count * 24, 24):
        own = letters[i : i + 24]
        # 120 random bits over 10^n numbers: no number is likelier than another by more than 2^-53.
        body = str(int(own.translate(_TO_BASE32), 32) % 10**length).zfill(length) if signs is DIGITS else own[:length]
        codes.append(prefix + body + check_character(prefix + body, check, signs))
    return codes


_TO_BASE32 = str.maketrans(LETTERS, "0123456789abcdefghijklmnopqrstuv")


def _damm_of(text: str) -> int:
    state = 0
    for letter in text:
        if letter in LETTERS:
            state = twice(state ^ LETTERS.index(letter))
    return state


def _power(value: int, times: int) -> int:
    for _ in range(times):
        value = twice(value)
    return value


@dataclass(frozen=True)
class CouponKeys:
    """One per installation: what codes are made, kept and proven with."""

    secret: bytes
    keeps: str = "hashed"  # how codes are kept in the database: hashed or plain

    def _derived(self, purpose: bytes) -> bytes:
        return hmac.digest(self.secret, b"vokrug coupons 1 " + purpose, "sha256")

    @cached_property
    def minting(self) -> bytes:
        return self._derived(b"mint")

    @cached_property
    def _keeping(self) -> bytes:
        return self._derived(b"keep")

    @cached_property
    def _signing(self) -> bytes:
        return self._derived(b"sign")

    @cached_property
    def private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._derived(b"ed25519"))

    def kept(self, code: str, *, is_hashed: bool) -> bytes:
        """A normalised code as the database knows it."""
        return hmac.digest(self._keeping, code.encode(), "sha256")[:16] if is_hashed else code.encode()

    def of_sale(self, place: bytes) -> bytes:
        """A minting key of its own for what one sale gives."""
        return hmac.digest(self.minting, place, "sha256")

    # Codes that prove themselves

    def offline_key(self, pool: int) -> bytes:
        """What a till needs to check the typed codes of one pool, and of no other."""
        return hmac.digest(self._signing, str(pool).encode(), "sha256")

    def sign(self, pool: int, serial: int) -> str:
        """A code a cashier can type: key id, pool, serial, 40 bits of a MAC, check character. 18 letters."""
        head = "1" + letters_of(pool, 3) + letters_of(serial, 5)
        mac = hmac.digest(self.offline_key(pool), head.encode(), "sha256")
        body = head + base64.b32encode(mac[:5]).translate(_OURS).decode()
        return body + check_character(body, "damm", LETTERS)

    def read_signed(self, code: str) -> tuple[int, int] | None:
        """Pool and serial of a signed code of ours. Needs no database."""
        if (
            len(code) != SIGNED_HEAD + MAC_LETTERS + 1
            or code[0] != "1"
            or any(letter not in LETTERS for letter in code)
        ):
            return None
        pool, serial = number_of(code[1:4]), number_of(code[4:SIGNED_HEAD])
        return (pool, serial) if hmac.compare_digest(self.sign(pool, serial), code) else None

    def seal(self, pool: int, serial: int) -> str:
        """The same for a scanner: an Ed25519 signature, which a till checks with a key that can be public."""
        head = letters_of(pool, 3) + letters_of(serial, 5)
        return "E" + head + base64.b32encode(self.private.sign(head.encode())).rstrip(b"=").translate(_OURS).decode()

    def read_sealed(self, code: str) -> tuple[int, int] | None:
        return read_sealed(self.private.public_key(), code)


def read_sealed(key: Ed25519PublicKey, code: str) -> tuple[int, int] | None:
    """Pool and serial of a scanned code, by the public key alone."""
    if len(code) != 1 + 8 + 103 or code[0] != "E" or any(letter not in LETTERS for letter in code):
        return None
    raw = base64.b32decode(code[9:].encode().translate(bytes.maketrans(LETTERS.encode(), _STANDARD)) + b"=")
    try:
        key.verify(raw, code[1:9].encode())
    except InvalidSignature:
        return None
    return number_of(code[1:4]), number_of(code[4:9])


def letters_of(number: int, width: int) -> str:
    assert number < 32**width, "the number has room"
    return "".join(LETTERS[number >> 5 * place & 31] for place in reversed(range(width)))


def number_of(text: str) -> int:
    number = 0
    for letter in text:
        number = number << 5 | LETTERS.index(letter)
    return number


def digest(text: str) -> int:
    """A number that counters go by."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) >> 1
