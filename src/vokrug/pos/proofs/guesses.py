"""What could be guessed at or pumped, and how often: PINs, the app's codes, supervisors' cards, messages."""

import hmac
from datetime import datetime
from itertools import pairwise

from vokrug import accounts
from vokrug.kernel import Refusal
from vokrug.pos.checkout import Checkout
from vokrug.pos.proofs import store
from vokrug.pos.proofs.errors import BurnCodeOver, BurnCodeWrong, MethodNotOffered, PinTooSimple, ReasonWanted
from vokrug.pos.proofs.keys import ProofKeys
from vokrug.pos.proofs.schemas import Authorize
from vokrug.pos.proofs.types import TICKET_LIFE, Demand, Meters
from vokrug.pos.types import Shop, Till
from vokrug.runtime.database import Tx

__all__ = ["TICKET_LIFE", "count_message", "judge", "put_pin", "supervisor_of"]

PIN_TRIES = 10  # wrong in a row; then only its owner, who sets another, can use it again
PIN_TRIES_AT_ONCE = 5  # in a quarter of an hour
APP_TRIES_HOURLY = 10
SUPERVISOR_TRIES = 10  # at one till, in a quarter of an hour


async def count_message(
    tx: Tx, meters: Meters, demand: Demand, phone: str, customer: int, till: Till, now: datetime
) -> None:
    """Nobody makes us pay for messages: not by one number, one customer, a block of numbers, one till, or all."""
    limits = [
        *accounts.limits_of_messages(phone, hourly=meters.policy.sms_hourly),
        accounts.Limit("burn.customer", str(customer), demand.codes_a_day, accounts.DAY),
        accounts.Limit("burn.till", str(till.id), demand.till_hourly, accounts.HOUR),
    ]
    await accounts.count_tries(tx, meters.keys, limits, now)


async def judge(
    checkout: Checkout,
    tx: Tx,
    meters: Meters,
    body: Authorize,
    customer: int,
    shop: Shop,
    till: Till,
    now: datetime,
) -> str | Refusal:
    """Is this the shopper's PIN, their app's code, or a supervisor? The supervisor's code, or nothing; or a refusal
    to be told once its count is written.
    """
    assert body.code is not None, "there is something to judge"
    match body.method:
        case "pin":
            return await judge_pin(checkout.proof_keys, tx, meters, customer, body.code, now)
        case "app_code":
            return await judge_app_code(checkout.proof_keys, tx, meters, customer, body.code, now)
        case _:
            if not body.reason.strip():
                raise ReasonWanted()
            return await supervisor_of(checkout.proof_keys, tx, meters, body.code, shop, till, now)


async def judge_pin(keys: ProofKeys, tx: Tx, meters: Meters, customer: int, pin: str, now: datetime) -> str | Refusal:
    limit = accounts.Limit("burn.pin", str(customer), PIN_TRIES_AT_ONCE, 15 * accounts.MINUTE)
    await accounts.count_tries(tx, meters.keys, [limit], now)
    secret = await store.lock_secret(tx, customer)
    if secret["pin_mac"] is None:
        raise MethodNotOffered()
    if secret["pin_wrong"] >= PIN_TRIES:
        raise BurnCodeOver()
    is_right = hmac.compare_digest(secret["pin_mac"], keys.pin_mac(customer, pin))
    wrong = 0 if is_right else secret["pin_wrong"] + 1
    await store.pin_tried(tx, customer, wrong)
    return "" if is_right else BurnCodeWrong(left=PIN_TRIES - wrong)


async def judge_app_code(
    keys: ProofKeys, tx: Tx, meters: Meters, customer: int, code: str, now: datetime
) -> str | Refusal:
    """Good once: nothing at or before the moment of the last one counts any more."""
    limit = accounts.Limit("burn.app", str(customer), APP_TRIES_HOURLY, accounts.HOUR)
    left = limit.most - await accounts.count_tries(tx, meters.keys, [limit], now)
    secret = await store.lock_secret(tx, customer)
    step = keys.app_step(customer, code, now)
    if step is None or step <= secret["last_step"]:
        return BurnCodeWrong(left=left)
    await store.step_taken(tx, customer, step)
    return ""


async def supervisor_of(
    keys: ProofKeys, tx: Tx, meters: Meters, secret: str, shop: Shop, till: Till, now: datetime
) -> str | Refusal:
    """Whose card or code it is, if they answer for this shop."""
    limit = accounts.Limit("supervisor.till", str(till.id), SUPERVISOR_TRIES, 15 * accounts.MINUTE)
    left = limit.most - await accounts.count_tries(tx, meters.keys, [limit], now)
    found = await store.find_supervisor(tx, keys.supervisor_mac(secret), shop.id)
    return BurnCodeWrong(left=left) if found is None else found


async def put_pin(tx: Tx, keys: ProofKeys, customer: int, pin: str) -> None:
    """The shopper chooses a PIN. One digit over and over, or a staircase, is what everybody tries first."""
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    if len(steps) == 1 and steps <= {0, 1, 9}:
        raise PinTooSimple()
    await store.put_pin(tx, customer, keys.pin_mac(customer, pin))
