"""A customer's id as one sector knows it: 128 bits in, 128 bits out, and back, with no table.

An id is one block of AES. Under a key for each sector that is a permutation of all ids: two sectors cannot compare
theirs, and we can turn each back.
"""

from uuid import UUID

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB

from vokrug.customers.vault import Vault


class Pairwise:
    """Ids of one sector."""

    def __init__(self, vault: Vault, sector: str) -> None:
        # A single block each, all of them different: what ECB gives away, equal blocks, is what an id is for.
        self._cipher = Cipher(AES256(vault.digest(b"pairwise\0" + sector.encode())), ECB())  # noqa: S305

    def out(self, id: UUID) -> UUID:
        return UUID(bytes=self._cipher.encryptor().update(id.bytes))

    def back(self, id: UUID) -> UUID:
        return UUID(bytes=self._cipher.decryptor().update(id.bytes))


class Plain:
    """Our own ids, for whoever may know them."""

    def out(self, id: UUID) -> UUID:
        return id

    def back(self, id: UUID) -> UUID:
        return id
