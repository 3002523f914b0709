"""Serving one port from one process or several.

With several, a parent accepts the connections and hands each to the worker that has the fewest. The
kernel would share them unevenly: by hash with SO_REUSEPORT, by who wakes first with a common socket; and
tills keep their connections open for hours, so an uneven start lasts all day. The parent touches no
request, so it costs nothing but one message a connection; and while a worker is being replaced, whoever
connects goes to the others.
"""

import array
import asyncio
import logging
import multiprocessing
import os
import selectors
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from typing import Any

import uvicorn
from prometheus_client.multiprocess import mark_process_dead

from vokrug.runtime.streaming import STOP_STREAMS
from vokrug.runtime.wire import WireProtocol

log = logging.getLogger("vokrug.serving")

Factory = Callable[[], Any]

RESTART_PAUSE_S = 1.0  # between deaths of one worker, so that a broken start does not burn a core


@dataclass(frozen=True, slots=True)
class Serving:
    """How to serve. `app_factory` and `prepare` run in each worker: functions of a module, not lambdas."""

    app_factory: Factory
    host: str = "127.0.0.1"
    port: int = 8000
    processes: int = 1
    grace_s: float = 20
    backlog: int = 2048
    keep_alive_s: int = 75
    prepare: Callable[[], None] | None = None  # configures logs, before the application is made
    trusted_proxies: str | None = None  # addresses whose X-Forwarded-* headers are believed


def serve(app_factory: Factory, host: str = "127.0.0.1", port: int = 8000, **more: Any) -> None:
    """Serve until SIGTERM or SIGINT; then stop accepting, finish what was accepted, and return.

    The same fields as `Serving`. With one process, this one serves.
    """
    how = Serving(app_factory, host, port, **more)
    listener = _listen(how)
    if how.processes == 1:
        _serve_here(how, listener)
    else:
        Supervisor(how, listener).run()


def _listen(how: Serving) -> socket.socket:
    family = socket.AF_INET6 if ":" in how.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.bind((how.host, how.port))
    listener.listen(how.backlog)
    log.info("serving on %s port %s", how.host, listener.getsockname()[1])
    return listener


def _config(how: Serving) -> uvicorn.Config:
    return uvicorn.Config(
        how.app_factory,
        factory=True,
        loop="uvloop",
        http=WireProtocol,
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=how.keep_alive_s,
        timeout_graceful_shutdown=int(how.grace_s),
        proxy_headers=how.trusted_proxies is not None,
        forwarded_allow_ips=how.trusted_proxies,
        backlog=how.backlog,
    )


def _serve_here(how: Serving, listener: socket.socket) -> None:
    if how.prepare is not None:
        how.prepare()
    # uvicorn raises the signal again when it is done; ours has been answered by then.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: None)
    StreamingServer(_config(how)).run(sockets=[listener])


class StreamingServer(uvicorn.Server):
    """A uvicorn server that ends open streams when it is told to stop, instead of waiting for their readers."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.lifespan.state.get(STOP_STREAMS, lambda: None)()
        await super().shutdown(sockets)


# The worker's side


def _work(how: Serving, channel: socket.socket) -> None:
    told_to_stop: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: told_to_stop.append(number))
    if how.prepare is not None:
        how.prepare()
    server = WorkerServer(_config(how), channel, told_to_stop)
    server.run(sockets=[])


class CountedProtocol(WireProtocol):
    """Tells the parent when a connection has ended."""

    channel: socket.socket

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        with suppress(OSError):
            self.channel.send(b"-")


class WorkerServer(StreamingServer):
    """A uvicorn server whose connections come from the parent."""

    def __init__(self, config: uvicorn.Config, channel: socket.socket, told_to_stop: list[int]) -> None:
        super().__init__(config)
        self.channel = channel
        self.told_to_stop = told_to_stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.told_to_stop:  # before uvicorn listened to signals: it would serve on until it is killed
            self.should_exit = True
        self.channel.setblocking(False)
        CountedProtocol.channel = self.channel
        asyncio.get_running_loop().add_reader(self.channel.fileno(), self._take)
        self.channel.send(b"+")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # What the parent has handed over was accepted: it is taken, and its request is read if it is there.
        self._take()
        await asyncio.sleep(0.05)
        asyncio.get_running_loop().remove_reader(self.channel.fileno())
        await super().shutdown(sockets)

    def _take(self) -> None:
        """Take the connections that wait in the channel. Its end means that the parent is no more."""
        while True:
            try:
                message, given, _, _ = self.channel.recvmsg(1, socket.CMSG_SPACE(4))
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                message, given = b"", []
            if not message:
                asyncio.get_running_loop().remove_reader(self.channel.fileno())
                self.should_exit = True
                return
            for _, _, raw in given:
                for number in array.array("i", raw[: len(raw) - len(raw) % 4]):
                    self._open(socket.socket(fileno=number))

    def _open(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        task = asyncio.get_running_loop().create_task(self._join(connection))
        self.server_state.tasks.add(task)
        task.add_done_callback(self.server_state.tasks.discard)

    async def _join(self, connection: socket.socket) -> None:
        await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)

    def _protocol(self) -> CountedProtocol:
        return CountedProtocol(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)


# The parent's side


@dataclass(slots=True, eq=False)
class Worker:
    process: BaseProcess
    channel: socket.socket
    started_s: float = field(default_factory=time.monotonic)
    connections: int = 0
    is_ready: bool = False


class Supervisor:
    """Accepts, hands over, and replaces workers that died."""

    def __init__(self, how: Serving, listener: socket.socket) -> None:
        self.how = how
        self.listener = listener
        self.workers: list[Worker] = []
        self.is_stopping = False
        self.has_served = False
        self.has_failed = False
        self._selector = selectors.DefaultSelector()
        self._spawning = multiprocessing.get_context("spawn")

    def run(self) -> None:
        with tempfile.TemporaryDirectory(prefix="vokrug-metrics-") as folder:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
            woken, waker = socket.socketpair()
            waker.setblocking(False)
            signal.set_wakeup_fd(waker.fileno())
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self._stop)
            signal.signal(signal.SIGCHLD, lambda number, frame: None)  # wakes the loop, no more
            self.listener.setblocking(False)
            self._selector.register(woken, selectors.EVENT_READ)
            for _ in range(self.how.processes):
                self._start_worker()
            while not self.is_stopping:
                self._turn(woken)
            self._finish()
        if self.has_failed:
            raise SystemExit(3)

    def _stop(self, number: int, frame: object) -> None:
        self.is_stopping = True

    def _turn(self, woken: socket.socket) -> None:
        self._accept_only_with_someone_ready()
        pause_s = self._replace_the_dead()
        for key, _ in self._selector.select(timeout=pause_s):
            if key.fileobj is woken:
                woken.recv(4096)
            elif key.fileobj is self.listener:
                self._hand_over()
            else:
                self._listen_to(key.data)

    def _start_worker(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        process = self._spawning.Process(target=_work, args=(self.how, theirs), name="vokrug-worker")
        process.start()
        theirs.close()
        ours.setblocking(False)
        worker = Worker(process, ours)
        self.workers.append(worker)
        self._selector.register(ours, selectors.EVENT_READ, worker)
        log.info("worker %s started", process.pid)

    def _accept_only_with_someone_ready(self) -> None:
        """With no worker ready, callers wait in the kernel's queue instead of being turned away."""
        is_accepting = self.listener in self._selector.get_map()
        someone_is_ready = any(worker.is_ready for worker in self.workers)
        if someone_is_ready and not is_accepting:
            self._selector.register(self.listener, selectors.EVENT_READ)
        elif is_accepting and not someone_is_ready:
            self._selector.unregister(self.listener)

    def _hand_over(self) -> None:
        """Everybody who waits at the door goes to the worker with the fewest connections."""
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return  # nobody is left
            with connection:
                for worker in sorted(self.workers, key=lambda worker: worker.connections):
                    if worker.is_ready and self._give(worker, connection):
                        break

    def _give(self, worker: Worker, connection: socket.socket) -> bool:
        try:
            socket.send_fds(worker.channel, [b"c"], [connection.fileno()])
        except OSError:
            worker.is_ready = False
            return False
        worker.connections += 1
        return True

    def _listen_to(self, worker: Worker) -> None:
        """`+`: the worker is ready. `-`: one of its connections has ended. Nothing: it is no more."""
        try:
            said = worker.channel.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        if not said:
            worker.is_ready = False
            self._selector.unregister(worker.channel)
            return
        if b"+" in said:
            worker.is_ready = self.has_served = True
        worker.connections -= said.count(b"-")

    def _replace_the_dead(self) -> float | None:
        """How long to sleep before somebody may be started again; None when nobody waits for it."""
        pause_s = None
        for worker in [worker for worker in self.workers if not worker.process.is_alive()]:
            worker.is_ready = False
            wait_s = 0.0 if not self.has_served else worker.started_s + RESTART_PAUSE_S - time.monotonic()
            if wait_s > 0:
                pause_s = wait_s if pause_s is None else min(pause_s, wait_s)
                continue
            log.error("worker %s died with code %s", worker.process.pid, worker.process.exitcode)
            self._forget(worker)
            if not self.has_served:
                # The first start fails for a reason that a repeat does not mend: whoever started us decides.
                self.is_stopping = self.has_failed = True
                return 0
            self._start_worker()
        return pause_s

    def _forget(self, worker: Worker) -> None:
        self.workers.remove(worker)
        with suppress(KeyError, ValueError):
            self._selector.unregister(worker.channel)
        worker.channel.close()
        worker.process.join()
        mark_process_dead(worker.process.pid)  # type: ignore[no-untyped-call]

    def _finish(self) -> None:
        """Stop accepting, let the workers finish what they have, and end those that outlive the grace."""
        self._hand_over()
        self.listener.close()
        for worker in self.workers:
            worker.process.terminate()
        # The application's own shutdown may take a little after the last answer.
        until_s = time.monotonic() + self.how.grace_s + 5
        for worker in self.workers:
            worker.process.join(max(0.0, until_s - time.monotonic()))
            if worker.process.is_alive():
                log.error("worker %s outlived the grace", worker.process.pid)
                worker.process.kill()
                worker.process.join()
