"""Keys: the same secret finds and opens, another one does not, and nothing opens in a stranger's place."""

from collections.abc import Callable
from uuid import UUID

import pytest

from vokrug.customers.vault import SealBroken, Vault

SECRET = bytes(range(32))
ANNA, BORIS = UUID(int=1), UUID(int=2)


def test_the_same_secret_finds_and_opens_after_a_restart() -> None:
    key, wrapped = Vault(SECRET).new_person_key(ANNA)
    sealed = key.seal("Анна", "called")
    assert Vault(SECRET).called(ANNA, wrapped, sealed) == "Анна"
    assert Vault(SECRET).lookup_hash("phone", "+79161234567") == Vault(SECRET).lookup_hash("phone", "+79161234567")


def test_hashes_differ_by_type_value_and_secret() -> None:
    vault, other = Vault(SECRET), Vault(SECRET[::-1])
    hashes = {
        vault.lookup_hash("phone", "1"),
        vault.lookup_hash("card", "1"),
        vault.lookup_hash("card", "2"),
        other.lookup_hash("card", "1"),
    }
    assert len(hashes) == 4
    assert {len(one) for one in hashes} == {32}


def test_sealing_twice_looks_different() -> None:
    key, _ = Vault(SECRET).new_person_key(ANNA)
    assert key.seal("Анна", "called") != key.seal("Анна", "called")


def test_nothing_opens_in_a_strangers_place_or_after_a_change() -> None:
    vault = Vault(SECRET)
    key, wrapped = vault.new_person_key(ANNA)
    sealed = key.seal("Анна", "called")
    another, another_wrapped = vault.new_person_key(BORIS)
    attempts: list[Callable[[], str]] = [
        lambda: vault.called(BORIS, wrapped, sealed),
        lambda: vault.called(BORIS, another_wrapped, sealed),
        lambda: Vault(SECRET[::-1]).called(ANNA, wrapped, sealed),
        lambda: key.open(sealed, "identifier"),
        lambda: another.open(sealed, "called"),
        lambda: key.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), "called"),
        lambda: key.open(b"\x02" + sealed[1:], "called"),
        lambda: key.open(b"", "called"),
    ]
    for attempt in attempts:
        with pytest.raises(SealBroken):
            attempt()


def test_a_short_secret_stops_the_start() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(b"short")


def test_a_vault_does_not_tell_its_keys() -> None:
    assert repr(Vault(SECRET)) == "Vault(…)"
