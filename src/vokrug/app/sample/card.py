"""How to reach the sample: addresses, and sandbox keys kept in the data folder."""

import os
from pathlib import Path

import msgspec

from vokrug.app.sample.chain import CHAIN, SHOPS
from vokrug.kernel import Clock, Refusal, Text, new_id
from vokrug.runtime.database import Database, Tx
from vokrug.runtime.http import Role
from vokrug.runtime.keys import find_key, issue_key
from vokrug.runtime.settings import Settings
from vokrug.runtime.signing import Vault, hash_token

SHOP, TILL = "moscow-1", "1"
SECOND_SHOP, SECOND_TILL = "petersburg-1", "1"  # of another company

FIND_TILL = """
    select s.id as shop_id, t.id as till_id from pos_till t join pos_shop s on s.id = t.shop_id
     where s.code = $1 and t.code = $2
"""


class SampleKeysMissing(Refusal):
    """There is no sample yet"""

    code, status = "sample_keys_missing", 404
    cashier = Text(
        en="There is no sample in {folder} yet: start it once with `make run`.",
        ru="В {folder} ещё нет примера: запустите его один раз командой `make run`.",
    )


class SampleKeys(msgspec.Struct, frozen=True):
    """Sandbox keys may be borne as plain tokens, so that a first call needs no signature."""

    till: str
    staff: str
    second_till: str = ""  # an earlier start may not have made it


def file_of(settings: Settings) -> Path:
    return settings.data_dir / "sample.json"


def read_keys(settings: Settings) -> SampleKeys:
    """The keys an earlier start left."""
    try:
        return msgspec.json.decode(file_of(settings).read_bytes(), type=SampleKeys)
    except (OSError, msgspec.DecodeError):
        raise SampleKeysMissing(folder=str(settings.data_dir)) from None


async def keys_for(settings: Settings, db: Database) -> SampleKeys:
    """The keys of the last start if this database still knows them, else fresh ones."""
    async with db.transaction() as tx:
        try:
            keys = read_keys(settings)
            if all([await _is_live(tx, token) for token in (keys.till, keys.staff, keys.second_till)]):
                return keys
        except SampleKeysMissing:
            pass
        keys = await _issue(tx, settings)
    _write(settings, keys)
    return keys


async def _is_live(tx: Tx, token: str) -> bool:
    key = await find_key(tx, token.partition(".")[0])
    return key is not None and key.revoked_at is None and key.token_sha256 == hash_token(token)


async def _issue(tx: Tx, settings: Settings) -> SampleKeys:
    return SampleKeys(
        till=await _key(tx, settings, Role.TILL, "sample till", SHOP, TILL),
        staff=await _key(tx, settings, Role.STAFF, "sample staff"),
        second_till=await _key(tx, settings, Role.TILL, "sample second till", SECOND_SHOP, SECOND_TILL),
    )


async def _key(tx: Tx, settings: Settings, role: Role, label: str, shop: str = "", till: str = "") -> str:
    assert settings.secret, "the floor fills in the secret"
    place = (await tx.rows(FIND_TILL, shop, till))[0] if shop else {"shop_id": None, "till_id": None}
    issued = await issue_key(
        tx,
        Vault(settings.secret),
        uid=new_id(),
        role=role,
        shop_id=place["shop_id"],
        till_id=place["till_id"],
        label=label,
        sandbox=True,
        now=Clock().now(),
    )
    assert issued.token, "sandbox keys have a token"
    return issued.token


def _write(settings: Settings, keys: SampleKeys) -> None:
    """For its owner's eyes only, from its first byte."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    draft = file_of(settings).with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(keys)) + b"\n")
    draft.replace(file_of(settings))


def card_text(settings: Settings, keys: SampleKeys) -> str:
    """What to do next, for a terminal."""
    host = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host  # noqa: S104 - a name to print, not to bind
    api = f"http://{host}:{settings.port}"
    return f"""
  Vokrug with the sample chain «{CHAIN}»: {len(SHOPS)} shops, Kaliningrad to Kamchatka

  start      {api}/
  till       {api}/till
  console    {api}/console
  API        {api}
  documents  {api}/docs
  cabinet    {api}/me
             (codes of sign-in wait at {api}/console/messages)
  owner      `vokrug staff invite NAME --phone +7… --role owner` prints a link; sign in with that phone
  facts      {api}/events/catalogue
  health     {api}/health/ready
  metrics    {api}/metrics

  Sandbox keys, sent as `Authorization: Bearer <key>`; `vokrug sample key` shows them again
  till       {keys.till}
             (till {TILL} of shop {SHOP})
  staff      {keys.staff}

  Next: sell something with the five curl lines in README.md, or look at the books:
  vokrug books check
  Ctrl-C stops; the next start goes on with this chain.
"""
