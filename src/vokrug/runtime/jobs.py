"""Work that happens later: a queue in PostgreSQL (procrastinate's) and schedules of our own.

    jobs = Jobs("ledger")

    @jobs.task("ledger.expire_lots", tries=5)
    async def expire_lots(run: JobRun, shop_id: int) -> None:
        async with run.services.db.transaction() as tx:
            await ledger.expire_lots(tx, shop_id, run.now)

    await expire_lots.enqueue(tx, shop_id=4)               # in the caller's transaction
    await schedule(tx, "expire-4", cron="5 0 * * *", zone="Asia/Kamchatka",
                   task=expire_lots, args={"shop_id": 4}, now=now)

A job is in the queue when its transaction is committed, and never when it is not. It may run more
than once (a worker can die after the work and before the note), so tasks are safe to repeat.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import procrastinate
from procrastinate.jobs import DeleteJobCondition

from vokrug.kernel import MovedClock, Refusal, Text
from vokrug.runtime.cron import next_due, require_schedulable
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Services

log = logging.getLogger("vokrug.jobs")

QUEUE = "vokrug"
TICK_EVERY_S = 5.0
# A tick's mark has done its work once no process can still believe the moment to be ahead.
KEEP_TICKS = timedelta(days=7)
DUE_AT_A_TIME = 500


class ScheduleUnknown(Refusal):
    """No such schedule exists"""

    code, status = "schedule_unknown", 404
    cashier = Text(en="There is no schedule {name}.", ru="Нет расписания {name}.")


@dataclass(frozen=True, slots=True)
class JobRun:
    """One run of a task, as the task sees it."""

    services: Services
    now: datetime
    job_id: int
    attempt: int  # 1 for the first


Handler = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Task:
    """A function with a name that a queue can keep."""

    name: str
    handler: Handler
    tries: int

    async def enqueue(
        self,
        tx: Tx,
        *,
        at: datetime | None = None,
        one_at_a_time: str | None = None,
        only_once: str | None = None,
        **args: object,
    ) -> int | None:
        """Put a job into the queue when `tx` commits.

        `one_at_a_time`: jobs that name the same thing run one after another. `only_once`: while one
        with the same word waits, another is not added, and the answer is None.
        """
        return await _enqueue(tx, self.name, args, at=at, lock=one_at_a_time, queueing_lock=only_once)


class Jobs:
    """The tasks of one domain."""

    def __init__(self, domain: str) -> None:
        self.domain = domain
        self.tasks: dict[str, Task] = {}

    def task(self, name: str, *, tries: int = 5) -> Callable[[Handler], Task]:
        """Name a function. A failed job is tried again after 1, 4, 9 … minutes, `tries` times in all."""
        assert name.startswith(self.domain + "."), "a task is named for its domain"
        assert name not in self.tasks, "one name, one task"

        def declare(handler: Handler) -> Task:
            self.tasks[name] = Task(name, handler, tries)
            return self.tasks[name]

        return declare


# Schedules

WRITE_SCHEDULE = """
    insert into runtime_schedule (name, cron, zone, task, args, is_enabled, next_due)
    values ($1, $2, $3, $4, $5::text::jsonb, $6, $7)
    on conflict (name) do update
       set cron = excluded.cron, zone = excluded.zone, task = excluded.task, args = excluded.args,
           is_enabled = excluded.is_enabled,
           next_due = case when (runtime_schedule.cron, runtime_schedule.zone, runtime_schedule.is_enabled)
                              = (excluded.cron, excluded.zone, excluded.is_enabled)
                           then runtime_schedule.next_due
                           else greatest(excluded.next_due,
                                         runtime_schedule.last_due + interval '1 microsecond') end
"""
REMOVE_SCHEDULE = "delete from runtime_schedule where name = $1"
LOCK_DUE = """
    select name, cron, zone, task, args::text as args, next_due from runtime_schedule
     where is_enabled and next_due <= $1
     order by next_due, name limit $2 for update skip locked
"""
MARK_TICK = """
    insert into runtime_schedule_tick (schedule, due_at, job_id) values ($1, $2, $3)
"""
MOVE_ON = """
    update runtime_schedule set last_due = next_due, last_run_at = $2, next_due = $3 where name = $1
"""
FORGET_TICKS = "delete from runtime_schedule_tick where schedule = $1 and due_at < $2"
LIST_SCHEDULES = """
    select name, cron, zone, task, is_enabled, next_due, last_run_at from runtime_schedule order by name
"""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a task runs by the clock of its zone."""

    name: str
    cron: str
    zone: str
    task: str
    is_enabled: bool
    next_due: datetime
    last_run_at: datetime | None


async def schedule(
    tx: Tx,
    name: str,
    *,
    cron: str,
    zone: str,
    task: Task,
    now: datetime,
    args: Mapping[str, object] | None = None,
    is_enabled: bool = True,
) -> None:
    """Add or change a schedule. Saying the same again leaves its next run where it was."""
    require_schedulable(name, cron, zone)
    packed = json.dumps(dict(args or {}))
    await tx.run(WRITE_SCHEDULE, name, cron, zone, task.name, packed, is_enabled, next_due(cron, zone, now))


async def unschedule(tx: Tx, name: str) -> None:
    """Forget a schedule; what it has put into the queue already still runs."""
    if not await tx.run(REMOVE_SCHEDULE, name):
        raise ScheduleUnknown(name=name)


async def list_schedules(tx: Tx) -> list[Schedule]:
    """All of them, by name."""
    return await tx.all(Schedule, LIST_SCHEDULES)


async def tick(tx: Tx, now: datetime) -> int:
    """Put the jobs of every due schedule into the queue; any number of processes may do so at once.

    Runs that were missed while nothing ran are made up for by one late run: what a night job
    would have done three nights in a row, it does in one.
    """
    due = await tx.rows(LOCK_DUE, now, DUE_AT_A_TIME)
    for row in due:
        job_id = await _enqueue(tx, row["task"], json.loads(row["args"]))
        await tx.run(MARK_TICK, row["name"], row["next_due"], job_id)
        await tx.run(MOVE_ON, row["name"], now, next_due(row["cron"], row["zone"], now))
        await tx.run(FORGET_TICKS, row["name"], now - KEEP_TICKS)
    return len(due)


# The queue

ENQUEUE = """
    select (procrastinate_defer_jobs_v1(array[
        row($1, $2, 0, $3, $4, $5::text::jsonb, $6)::procrastinate_job_to_defer_v1]))[1]
"""
COUNT_JOBS = """
    select status::text, count(*) from procrastinate_jobs group by status order by status
"""
LIST_FAILED = """
    select job.id, job.task_name as task, job.attempts,
           (select max(at) from procrastinate_events where job_id = job.id) as failed_at
      from procrastinate_jobs job where status = 'failed' order by job.id desc limit $1
"""
# The queue compares with the database's own clock, which a trial cannot move: bring due jobs forward.
BRING_FORWARD = """
    update procrastinate_jobs set scheduled_at = now()
     where status = 'todo' and scheduled_at > now() and scheduled_at <= $1
"""


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job that used up its tries."""

    id: int
    task: str
    attempts: int
    failed_at: datetime | None


async def count_jobs(tx: Tx) -> dict[str, int]:
    """How many jobs wait, run, have failed …"""
    return {row["status"]: row["count"] for row in await tx.rows(COUNT_JOBS)}


async def list_failed(tx: Tx, limit: int = 20) -> list[FailedJob]:
    """The latest failures. Arguments stay out: they may name a person's records."""
    return await tx.all(FailedJob, LIST_FAILED, limit)


async def _enqueue(
    tx: Tx,
    task: str,
    args: Mapping[str, object],
    *,
    at: datetime | None = None,
    lock: str | None = None,
    queueing_lock: str | None = None,
) -> int | None:
    try:
        # A savepoint, so that "already waiting" does not spoil the caller's transaction.
        async with tx.connection.transaction():
            job_id: int = await tx.value(ENQUEUE, QUEUE, task, lock, queueing_lock, json.dumps(dict(args)), at)
    except asyncpg.UniqueViolationError:
        if queueing_lock is None:
            raise
        return None
    return job_id


# The worker


class Worker:
    """Runs jobs and looks at the clock, inside `serve` or alone as `vokrug work`."""

    def __init__(
        self, url: str, services: Services, domains: Iterable[Jobs], *, concurrency: int = 4, grace_s: float = 20
    ) -> None:
        self.services = services
        self.concurrency = concurrency
        self.grace_s = grace_s
        self._queue = procrastinate.App(
            connector=procrastinate.PsycopgConnector(conninfo=url, min_size=1, max_size=concurrency + 2)
        )
        # Its lines carry the arguments of jobs, which are none of a log's business; ours follow below.
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
        for domain in domains:
            for task in domain.tasks.values():
                self._register(task)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; jobs that run then get `grace_s` to end, or go back to the queue."""
        async with self._queue.open_async():
            working: asyncio.Task[Any] = asyncio.create_task(self._work(wait=True))
            ticking: asyncio.Task[Any] = asyncio.create_task(self._tick_forever())
            stopping: asyncio.Task[Any] = asyncio.create_task(stop.wait())
            try:
                done, _ = await asyncio.wait({working, ticking, stopping}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for part in (stopping, ticking, working):
                    part.cancel()
                await asyncio.gather(working, ticking, stopping, return_exceptions=True)
            for part in done - {stopping}:
                part.result()  # a worker that ends by itself has failed: say so

    async def run_due(self) -> None:
        """Tick once and run what waits, then return: for trials and tests."""
        async with self._queue.open_async():
            await self.tick()
            await self._work(wait=False)

    async def tick(self) -> int:
        """Look at the clock once."""
        now = self.services.clock.now()
        async with self.services.db.transaction() as tx:
            if isinstance(self.services.clock, MovedClock):
                await tx.run(BRING_FORWARD, now)
            return await tick(tx, now)

    async def _work(self, *, wait: bool) -> None:
        await self._queue.run_worker_async(
            queues=[QUEUE],
            concurrency=self.concurrency,
            wait=wait,
            # Listening keeps a connection waking many times a second in every process; a job that waits a
            # second for its turn harms nobody.
            listen_notify=False,
            fetch_job_polling_interval=1.0,
            install_signal_handlers=False,
            shutdown_graceful_timeout=self.grace_s,
            delete_jobs=DeleteJobCondition.SUCCESSFUL,
        )

    async def _tick_forever(self) -> None:
        while True:
            try:
                await self.tick()
            except (OSError, asyncpg.PostgresError) as error:
                log.warning("schedules could not be read, trying again: %s", type(error).__name__)
            await asyncio.sleep(TICK_EVERY_S)

    def _register(self, task: Task) -> None:
        async def run(context: procrastinate.JobContext, /, **args: Any) -> None:
            job = context.job
            assert job.id is not None, "a fetched job has a number"
            run = JobRun(self.services, self.services.clock.now(), job.id, job.attempts + 1)
            try:
                await task.handler(run, **args)
            except Exception as error:
                log.error("job %s %s failed on try %s: %s", job.id, task.name, run.attempt, type(error).__name__)
                raise

        again = _RetryLater(task.tries)
        self._queue.task(name=task.name, queue=QUEUE, pass_context=True, retry=again)(run)


class _RetryLater(procrastinate.BaseRetryStrategy):
    """Again after 1, 4, 9 … minutes, until the tries are used up."""

    def __init__(self, tries: int) -> None:
        self.tries = tries

    def get_retry_decision(
        self, *, exception: BaseException, job: procrastinate.jobs.Job
    ) -> procrastinate.RetryDecision | None:
        tried = job.attempts + 1
        if tried >= self.tries or isinstance(exception, Refusal):
            return None
        return procrastinate.RetryDecision(retry_in={"seconds": 60 * tried**2})
