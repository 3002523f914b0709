-- Who does what: partitions of reactions and relays, leased among any number of processes on any hosts.

-- A process says once in a while that it lives. The clock is the database's: hosts may disagree on theirs.
create table events_worker (
    id uuid not null,
    name text not null,                -- "host:pid", for people
    works text[] not null,             -- what it is able to do
    started_at timestamptz not null,
    expires_at timestamptz not null,   -- not heard of until then: what it holds may be taken
    constraint a_worker_has_one_row primary key (id)
) with (fillfactor = 50);

-- The epoch grows with each taking and never falls. Whoever acts for a lease names its epoch in the
-- transaction of the effect, under a lock that a taker has to wait for: clocks decide who tries, never who may.
create table events_lease (
    work text not null,
    partition smallint not null,
    worker uuid,                       -- null: free
    epoch bigint not null default 0,
    taken_at timestamptz,
    constraint a_partition_of_a_work_has_one_lease primary key (work, partition),
    constraint epochs_only_grow_from_nothing check (epoch >= 0)
) with (fillfactor = 50);
