"""SMPP 3.4: packets as others write and read them, texts in parts, a session that comes back."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import aiosmpplib
import pytest
import smpp34
from hypothesis import given
from hypothesis import strategies as st

from vokrug.app.operator import operating
from vokrug.app.operator.running import Operating
from vokrug.runtime.smpp import Lost, Receipt, Refused, Session, Short, in_parts, said
from vokrug.runtime.smpp.pdu import HEADER, Address, Command, Malformed, Pdu, Tag
from vokrug.runtime.smpp.session import receipt_in

LONG = "Код для списания баллов: 482913. Назовите его кассиру, только если платите сейчас, а не по телефону. " * 2


async def until(found: Callable[[], Any]) -> Any:
    """Wait for something that is on its way."""
    for _ in range(2_000):
        if got := found():
            return got
        await asyncio.sleep(0.005)
    raise AssertionError("it never came")


# Packets


@given(st.binary(max_size=140), st.sampled_from([0, 8]), st.sampled_from([0, 0x40]), st.binary(max_size=20))
def test_another_library_reads_what_we_write(text: bytes, coding: int, esm_class: int, value: bytes) -> None:
    ours = Short(Address.of("VOKRUG"), Address.of("+79161234567"), text, coding, esm_class, 1, {0x1403: value})
    theirs = smpp34.decode(Pdu(Command.SUBMIT_SM, 0, 7, ours.encode()).encode())
    assert isinstance(theirs, smpp34.SubmitSm)
    assert (bytes(theirs.short_message), theirs.data_coding, theirs.esm_class) == (text, coding, esm_class)
    assert (theirs.source_addr, theirs.destination_addr, theirs.registered_delivery) == ("VOKRUG", "79161234567", 1)
    again = theirs.encode()
    assert Short.decode(again[HEADER.size :]) == ours, "and we read what it writes"


@given(st.binary(max_size=80))
def test_rubbish_is_malformed_and_nothing_else(body: bytes) -> None:
    with suppress(Malformed):
        Short.decode(body)


@pytest.mark.parametrize(
    ("text", "coding", "sizes"),
    [
        ("482913", 0, [6]),
        ("a" * 160, 0, [160]),
        ("a" * 161, 0, [6 + 153, 6 + 8]),
        ("я" * 70, 8, [140]),
        ("я" * 71, 8, [6 + 134, 6 + 8]),
        ("Price: 5€", 8, [18]),
        ("@", 8, [2]),
        ("я" * 66 + "😀" + "яяя", 8, [6 + 132, 6 + 10]),
    ],
)
def test_what_fits_into_a_part(text: str, coding: int, sizes: list[int]) -> None:
    parts = in_parts(text, 7)
    assert (parts.coding, [len(part) for part in parts.texts]) == (coding, sizes)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=900), st.integers(0, 1000))
def test_parts_come_together_again(text: str, reference: int) -> None:
    parts = in_parts(text, reference)
    read = [said(part, parts.coding, has_header=parts.are_joined) for part in parts.texts]
    assert "".join(words for words, _ in read) == text
    if parts.are_joined:
        count = len(parts.texts)
        assert [place for _, place in read] == [(reference % 256, n, count) for n in range(1, count + 1)]
    assert all(len(part) <= 140 or parts.coding == 0 for part in parts.texts)


def test_nothing_secret_is_in_what_a_log_would_show() -> None:
    short = Short(Address.of("SHOP"), Address.of("+79161234567"), b"482913")
    shown = repr([short, Pdu(4, 0, 1, short.encode()), in_parts("482913", 1), Session("h", 1, "user", "hidden")])
    assert not any(secret in shown for secret in ("482913", "9161234567", "hidden"))


# A session, with the operator of ours


def session_to(there: Operating, **more: Any) -> Session:
    return Session("127.0.0.1", there.smpp_port, "shop", "secret", **{"answer_within_s": 5.0, **more})


async def test_long_russian_texts_arrive_whole_and_receipts_come_back() -> None:
    receipts: list[Receipt] = []
    async with operating() as there:
        session = session_to(there, on_receipt=receipts.append)
        ids = await session.submit("+79161234567", LONG)
        (message,) = there.phones.received
        assert (message.to, message.text, message.parts, len(ids)) == ("+79161234567", LONG, 4, 4)
        await until(lambda: len(receipts) == 4)
        assert {(one.message_id, one.state) for one in receipts} == {(id, "DELIVRD") for id in ids}
        await session.close()


async def test_many_at_once_keep_to_the_window() -> None:
    async with operating() as there:
        session = session_to(there, window=3)
        await asyncio.gather(*(session.submit("+79161234567", f"{n:04d}") for n in range(50)))
        assert sorted(one.text for one in there.phones.received) == [f"{n:04d}" for n in range(50)]
        await session.close()


async def test_told_to_slow_down_it_sends_again() -> None:
    async with operating() as there:
        there.phones.behaviour.throttle_every = 2
        session = session_to(there)
        for n in range(4):
            await session.submit("+79161234567", str(n))
        assert [one.text for one in there.phones.received] == ["0", "1", "2", "3"]
        await session.close()


async def test_a_broken_line_comes_back() -> None:
    async with operating() as there:
        session = session_to(there)
        await session.submit("+79161234567", "before")
        there.phones.behaviour.hang_up_after = 2
        with pytest.raises(Lost):
            await session.submit("+79161234567", "into the void")
        await session.submit("+79161234567", "after")
        assert [one.text for one in there.phones.received] == ["before", "after"]
        assert session.binds == 2
        await session.close()


async def test_who_does_not_answer_is_not_there() -> None:
    async with operating() as there:
        there.phones.behaviour.deaf = True
        session = session_to(there, answer_within_s=0.2)
        with pytest.raises(Lost):
            await session.submit("+79161234567", "hello?")
        there.phones.behaviour.deaf = False
        session.answer_within_s = 5.0
        await session.submit("+79161234567", "there you are")
        await session.close()


async def test_a_silent_line_is_asked_whether_it_is_there() -> None:
    async with operating() as there:
        session = session_to(there, answer_within_s=0.2, quiet_s=0.05)
        await session.submit("+79161234567", "hello")
        there.phones.behaviour.deaf = True
        await until(lambda: session.binds > 1)
        await session.close()


async def test_a_wrong_password_and_a_refused_message_are_told() -> None:
    async with operating() as there:
        there.phones.behaviour.password = "another"
        session = session_to(there, answer_within_s=0.3)
        with pytest.raises(Lost):
            await session.submit("+79161234567", "hello")
        there.phones.behaviour.password = "secret"
        there.phones.behaviour.refuse = 100
        session.answer_within_s = 5.0
        with pytest.raises(Refused):
            await session.submit("+79161234567", "hello")
        assert not there.phones.received
        await session.close()


async def test_what_was_lost_on_its_way_is_told_by_its_receipt() -> None:
    receipts: list[Receipt] = []
    async with operating() as there:
        there.phones.behaviour.undelivered = 100
        session = session_to(there, on_receipt=receipts.append)
        await session.submit("+79161234567", "hello")
        (receipt,) = await until(lambda: receipts)
        assert (receipt.state, receipt.is_final, len(there.phones.received)) == ("UNDELIV", True, 0)
        await session.close()


# With peers of others


async def test_a_centre_of_others_takes_our_messages() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = smpp34.Server(host="127.0.0.1", port=port, system_id="others")
    await server.start()
    receipts: list[Receipt] = []
    session = Session("127.0.0.1", port, "shop", "secret", on_receipt=receipts.append)
    sending = asyncio.create_task(session.submit("+79161234567", LONG))
    texts: list[str] = []
    esme = None
    while len(texts) < 4:
        event = await asyncio.wait_for(server.next(), 10)
        if isinstance(event, smpp34.Esme):
            esme = event
        elif isinstance(event, smpp34.SubmitSmEvent):
            assert event.esm_class & 0x40
            texts.append(said(bytes(event.short_message), event.data_coding, has_header=True)[0])
            event.accept(message_id=f"m{len(texts)}")
    assert await sending == ["m1", "m2", "m3", "m4"]
    assert "".join(texts) == LONG
    assert esme is not None
    told = b"id:m1 sub:001 dlvrd:001 submit date:2611270900 done date:2611270900 stat:DELIVRD err:000 text:"
    await esme.deliver_sm(source_addr="79161234567", destination_addr="VOKRUG", esm_class=0x04, short_message=told)
    (receipt,) = await until(lambda: receipts)
    assert receipt == Receipt("m1", "DELIVRD")
    await session.close()
    await server.stop()


class Heard(aiosmpplib.AbstractHook):  # type: ignore[misc]
    def __init__(self) -> None:
        self.received_messages: list[Any] = []

    async def sending(self, smpp_message: Any, pdu: bytes, client_id: str) -> None: ...

    async def received(self, smpp_message: Any, pdu: bytes, client_id: str) -> None:
        self.received_messages.append(smpp_message)

    async def send_error(self, smpp_message: Any, error: Exception, client_id: str) -> None:
        raise error


async def test_a_client_of_others_is_served_by_our_operator() -> None:
    async with operating() as there:
        heard = Heard()
        client = aiosmpplib.ESME("127.0.0.1", there.smpp_port, "shop", "secret", hook=heard, log_level="CRITICAL")
        await client.broker.enqueue(
            aiosmpplib.SubmitSm(
                short_message=LONG,
                source=aiosmpplib.PhoneNumber("VOKRUG"),
                destination=aiosmpplib.PhoneNumber("79161234567"),
                log_id="one",
                esm_class=0b01000000,
                registered_delivery=0b1,
                auto_message_payload=False,
            )
        )
        running = asyncio.create_task(client.start())
        (message,) = await until(lambda: there.phones.received)
        assert (message.text, message.parts > 1) == (LONG, True)
        await until(lambda: any(getattr(one, "is_receipt", bool)() for one in heard.received_messages if one))
        await client.stop()
        running.cancel()


async def test_the_tags_of_a_receipt_are_read_before_its_words() -> None:
    tags: dict[int, bytes] = {Tag.RECEIPTED_MESSAGE_ID: b"abc\0", Tag.MESSAGE_STATE: b"\x05"}
    short = Short(Address.of("1"), Address.of("2"), b"id:zzz stat:DELIVRD", esm_class=4, tags=tags)
    assert receipt_in(short.encode()) == Receipt("abc", "UNDELIV")
    plain = Short(Address.of("1"), Address.of("2"), b"id:zzz stat:DELIVRD")
    assert receipt_in(plain.encode()) is None, "somebody wrote to us"
