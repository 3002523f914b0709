"""The tills of a benchmark, in a process of their own: `python -m vokrug.app.bench.tills`, orders on the
standard input. They write `begin` and `end` when the measured time starts and stops, then one line of JSON.

Made to be cheap: raw sockets, requests rendered beforehand as far as they can be, answers searched and
not parsed. What a till needs of an answer is the customer's token, then what there is to pay.
"""

import asyncio
import os
import random
import sys
import threading
import time
from collections import deque
from collections.abc import Callable

import msgspec
import uvloop

from vokrug.app.bench import chain
from vokrug.runtime.signing import authorization

CALLS = ("identify", "calculate", "commit")
BASKETS = 997


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """What the tills shall do. Without `rate` the loop is closed: each till begins its next sale at once."""

    port: int
    keys: list[chain.Key]
    clients: int
    first_customer: int
    customers: int
    seconds: float
    warm_s: float = 1.0
    rate: float | None = None  # sales a second, arriving at random
    is_signed: bool = False
    burn_every: int = 4  # one sale in so many pays with points
    seed: int = 1
    host: str = "127.0.0.1"
    loss: float = 0.0  # of calls: the request never comes, or its answer does not
    patience_s: float = 2.5  # before a till asks again


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What was done within the measured time; latencies in microseconds."""

    elapsed_s: float
    sales: int
    begun: int
    latencies_us: dict[str, list[int]]
    sale_us: list[int]
    late_us: list[int]  # how late the generator itself began a planned sale
    unexpected: dict[str, int]
    waiting_at_end: int = 0
    calls: int = 0  # that were answered within the measured time, heard or not
    lost: int = 0
    repeats: int = 0  # that the server knew already
    sold: int = 0  # in all, from the first shopper to the last
    sold_minor: int = 0


class Tills:
    """All tills of this process, and what they have measured."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.dice = random.Random(orders.seed)
        self.baskets = [msgspec.json.encode(chain.basket(self.dice)) for _ in range(BASKETS)]
        self.is_measuring = self.is_over = False
        self.idle: list[VirtualTill] = []
        self.waiting: deque[float] = deque()
        self.busy = 0
        self.done = asyncio.Event()
        self.begun = self.sales = 0
        self.calls = self.lost = self.repeats = self.sold = self.sold_minor = 0
        self.latencies: tuple[list[int], list[int], list[int]] = ([], [], [])
        self.sale_us: list[int] = []
        self.late_us: list[int] = []
        self.unexpected: dict[str, int] = {}
        self.examples: list[str] = []

    def begin(self, planned_s: float) -> None:
        """A shopper steps up: to a free till, or into the queue."""
        if self.is_over:
            return
        if self.is_measuring:
            self.late_us.append(int((time.perf_counter() - planned_s) * 1e6))
        if self.idle:
            self.idle.pop().start(planned_s)
        else:
            self.waiting.append(planned_s)

    def free(self, till: "VirtualTill") -> None:
        self.busy -= 1
        if self.is_over:
            if not self.busy:
                self.done.set()
        elif self.orders.rate is None:
            till.start(time.perf_counter())
        elif self.waiting:
            till.start(self.waiting.popleft())
        else:
            self.idle.append(till)

    def complain(self, call: str, status: str, body: bytes) -> None:
        name = f"{call} {status}"
        self.unexpected[name] = self.unexpected.get(name, 0) + 1
        if len(self.examples) < 5:
            self.examples.append(f"{name}: {body[-300:].decode(errors='replace')}")


class VirtualTill(asyncio.Protocol):
    """One connection, one sale after the other."""

    def __init__(self, tills: Tills, key: chain.Key) -> None:
        self.tills, self.key = tills, key
        self.place = f'"shop":"{key.shop}","till":"{key.till}"'.encode()
        self.head = f"Host: {tills.orders.host}\r\nContent-Type: application/json\r\n".encode()
        self.bearer = f"Authorization: Bearer {key.token}\r\n".encode()
        self.rest, self.needed = b"", 0
        self.step = 0
        self.planned_s = self.sent_s = 0.0
        self.check = ""
        self.to_pay = b""
        self.counted = self.is_deaf = False
        self.again: Callable[[], None] = lambda: None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        if not self.tills.is_over:
            self.tills.complain(CALLS[self.step], "connection lost", str(error).encode())

    # A sale

    def start(self, planned_s: float) -> None:
        tills = self.tills
        tills.busy += 1
        self.counted = tills.is_measuring
        tills.begun += self.counted
        self.planned_s = self.sent_s = planned_s
        number = tills.orders.first_customer + int(tills.dice.random() * tills.orders.customers)
        kind, value = ("card", chain.card_of(number)) if number & 1 else ("phone", chain.phone_of(number))
        who = f'"identifier":{{"type":"{kind}","value":"{value}"}}'.encode()
        self.step = 0
        self.send("/pos/v1/identify", b"{%b,%b}" % (self.place, who))

    def calculate(self, answer: bytes) -> None:
        tills = self.tills
        token = between(answer, b'"customer_token":"')
        word = f"{tills.dice.getrandbits(128):032x}"
        self.check = f"{word[:8]}-{word[8:12]}-4{word[13:16]}-a{word[17:20]}-{word[20:]}"
        burn = b""
        if tills.dice.random() * tills.orders.burn_every < 1:
            burn = b',"burn":{"mode":"max"}' if token[-1] & 1 else b',"burn":{"mode":"points","points":"25.00"}'
        body = b'{"rev":1,%b,"customer_token":"%b","lines":%b,"hold":true%b}'
        lines = tills.baskets[int(tills.dice.random() * BASKETS)]
        self.send_next(1, f"/pos/v1/checks/{self.check}:calculate", body % (self.place, token, lines, burn))

    def commit(self, answer: bytes) -> None:
        to_pay = self.to_pay = between(answer, b'"to_pay":"')
        body = b'{"rev":1,%b,"claimed":{"to_pay":"%b"},"tenders":[{"type":"card","amount":"%b"}]}'
        self.send_next(2, f"/pos/v1/checks/{self.check}:commit", body % (self.place, to_pay, to_pay))

    def send_next(self, step: int, path: str, body: bytes) -> None:
        self.step = step
        self.sent_s = time.perf_counter()
        self.send(path, body)

    def send(self, path: str, body: bytes) -> None:
        """Half of what is lost never arrives; of the other half the answer does not."""
        tills = self.tills
        if tills.orders.loss and tills.dice.random() < tills.orders.loss:
            tills.lost += 1
            self.again = lambda: self.send(path, body)
            if tills.dice.random() < 0.5:
                self.ask_again()
                return
            self.is_deaf = True
        self.write(path, body)

    def ask_again(self) -> None:
        asyncio.get_running_loop().call_later(self.tills.orders.patience_s, self.send_again)

    def send_again(self) -> None:
        self.sent_s = time.perf_counter()
        self.again()

    def write(self, path: str, body: bytes) -> None:
        allowed = self.bearer
        if self.tills.orders.is_signed:
            signed = authorization(
                self.key.key_id, self.key.secret, method="POST", target=path, at_s=int(time.time()), body=body
            )
            allowed = f"Authorization: {signed}\r\n".encode()
        self.transport.write(
            b"POST %b HTTP/1.1\r\n%b%bContent-Length: %d\r\n\r\n%b"
            % (path.encode(), self.head, allowed, len(body), body)
        )

    # Answers

    def data_received(self, data: bytes) -> None:
        if self.rest:
            data = self.rest + data
        if not self.needed:
            end = data.find(b"\r\n\r\n")
            at = data.find(b"content-length: ", 0, end)
            if end < 0 or at < 0:
                self.rest = data
                return
            self.needed = end + 4 + int(data[at + 16 : data.find(b"\r", at)])
        if len(data) < self.needed:
            self.rest = data
            return
        self.rest, self.needed = b"", 0
        self.answered(data)

    def answered(self, answer: bytes) -> None:
        now_s = time.perf_counter()
        tills = self.tills
        tills.calls += tills.is_measuring
        if self.is_deaf:
            self.is_deaf = False
            self.ask_again()
            return
        tills.repeats += b"idempotent-replay" in answer[:400]
        if tills.is_measuring:
            tills.latencies[self.step].append(int((now_s - self.sent_s) * 1e6))
        if answer[9:12] != b"200":
            tills.complain(CALLS[self.step], answer[9:12].decode(), answer)
            tills.free(self)
        elif self.step == 0:
            self.calculate(answer)
        elif self.step == 1:
            self.commit(answer)
        else:
            tills.sold += 1
            tills.sold_minor += int(self.to_pay.replace(b".", b""))
            if tills.is_measuring:
                tills.sales += 1
                tills.sale_us.append(int((now_s - self.planned_s) * 1e6))
            tills.free(self)


def between(answer: bytes, before: bytes) -> bytes:
    """The string that follows a name."""
    at = answer.index(before) + len(before)
    return answer[at : answer.index(b'"', at)]


async def trade(orders: Orders) -> Outcome:
    """Open the tills, warm up, measure, let every sale finish."""
    loop = asyncio.get_running_loop()
    tills = Tills(orders)
    opened: list[VirtualTill] = []
    for i in range(orders.clients):
        key = orders.keys[i % len(orders.keys)]
        _, till = await loop.create_connection(lambda key=key: VirtualTill(tills, key), orders.host, orders.port)  # type: ignore[misc]
        opened.append(till)
    if orders.rate is None:
        for till in opened:
            till.start(time.perf_counter())
    else:
        tills.idle += opened
        threading.Thread(target=arrivals, args=(loop, tills, orders), daemon=True).start()
    await asyncio.sleep(orders.warm_s)
    tills.is_measuring = True
    began_s = time.perf_counter()
    say("begin")
    await asyncio.sleep(orders.seconds)
    elapsed_s = time.perf_counter() - began_s
    tills.is_measuring = False
    say("end")
    tills.is_over = True
    if tills.busy:
        await asyncio.wait_for(tills.done.wait(), 60)
    for till in opened:
        till.transport.close()
    for example in tills.examples:
        print(example, file=sys.stderr)
    return Outcome(
        elapsed_s=elapsed_s,
        sales=tills.sales,
        begun=tills.begun,
        latencies_us=dict(zip(CALLS, tills.latencies, strict=True)),
        sale_us=tills.sale_us,
        late_us=tills.late_us,
        unexpected=tills.unexpected,
        waiting_at_end=len(tills.waiting),
        calls=tills.calls,
        lost=tills.lost,
        repeats=tills.repeats,
        sold=tills.sold,
        sold_minor=tills.sold_minor,
    )


def arrivals(loop: asyncio.AbstractEventLoop, tills: Tills, orders: Orders) -> None:
    """Shoppers arrive at random moments. A thread, because the loop's timers know whole milliseconds only."""
    assert orders.rate is not None
    dice = random.Random(orders.seed + 1)
    planned_s = time.perf_counter()
    while not tills.is_over:
        planned_s += dice.expovariate(orders.rate)
        wait_s = planned_s - time.perf_counter()
        if wait_s > 0:
            time.sleep(wait_s)
        try:
            loop.call_soon_threadsafe(tills.begin, planned_s)
        except RuntimeError:  # the loop is closed: the day is over
            return


def say(line: str) -> None:
    os.write(1, line.encode() + b"\n")


def main() -> None:
    orders = msgspec.json.decode(sys.stdin.buffer.read(), type=Orders)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        outcome = runner.run(trade(orders))
    sys.stdout.buffer.write(msgspec.json.encode(outcome) + b"\n")


if __name__ == "__main__":
    main()
