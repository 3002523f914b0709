-- The stream of facts. `events_append` is its only writer, and the last statement of a transaction.

-- How many partitions there are is decided once, here, and becomes a constant that the planner folds
-- into every statement. Another number later would move keys between partitions and break their order.
do $$
declare
    partitions integer := coalesce(nullif(current_setting('vokrug.event_partitions', true), ''), '8');
begin
    if partitions not between 1 and 1024 then
        raise exception 'vokrug.event_partitions is between 1 and 1024, not %', partitions;
    end if;
    execute format(
        'create function events_partitions() returns integer language sql immutable parallel safe as %L',
        'select ' || partitions);
end $$;

-- The same rule as `partition_of` in rules.py. A negative key counts down from the last partition.
create function events_partition(key bigint) returns smallint
    language sql immutable parallel safe
    return ((key % events_partitions() + events_partitions()) % events_partitions())::smallint;

-- The same rule as `type_id_of` in rules.py: 31 bits of the name's SHA-256, so that a type has the same
-- small number in every database and nobody has to ask for it. Two names with one number are refused.
create function events_type_id(name text) returns integer
    language sql immutable parallel safe
    return ('x' || encode(substring(sha256(convert_to(name, 'UTF8')) from 1 for 4), 'hex'))::bit(32)::integer
           & 2147483647;

create table events_type (
    id integer not null,
    name text not null,
    version integer not null,
    owner text not null,
    key text not null,
    words text not null,
    schema jsonb not null,
    personal jsonb not null default '[]',
    retention_days integer,
    registered_at timestamptz not null,
    changed_at timestamptz not null,
    constraint a_type_has_one_row primary key (id),
    constraint a_name_belongs_to_one_type unique (name),
    constraint the_id_is_short_for_the_name check (id = events_type_id(name)),
    constraint the_version_ends_the_name check (name like '%.v' || version),
    constraint a_fact_is_kept_for_some_days check (retention_days > 0)
);

-- Every append updates a row here. With most of the page left free these updates stay on it (HOT) and
-- touch no index.
create table events_head (
    partition smallint not null,
    next_position bigint not null default 1,
    recorded_at timestamptz not null default '-infinity',
    constraint a_partition_has_one_head primary key (partition),
    constraint positions_count_from_one check (next_position > 0)
) with (fillfactor = 10, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);

insert into events_head (partition)
select partition from generate_series(0, events_partitions() - 1) as partition;

-- One row is written for every sale, so there is one index and no foreign key: a key would lock the
-- type's row for each fact. `events_append` looks the type up instead, and types are never deleted.
-- Wide columns first, so that alignment wastes nothing. `data` is the JSON text as it was encoded.
create table events_log (
    position bigint not null,
    key bigint not null,
    time timestamptz not null,
    recorded_at timestamptz not null,
    type integer not null,
    partition smallint not null,
    id uuid not null,
    subject text not null,
    data bytea not null,
    constraint a_position_is_taken_once primary key (partition, position)
);

-- Facts of one transaction, in order. Locks the heads it needs from the lowest partition up, so two
-- transactions never wait for each other in a ring, and holds them until the commit: positions are
-- therefore dense and follow the order of commits, and a reader needs only "position > last".
create function events_append(
    keys bigint[], types integer[], ids uuid[], times timestamptz[], subjects text[], data bytea[]
) returns void language plpgsql as $$
begin
    if cardinality(keys) > 1 then
        perform from events_head h
          where h.partition in (select events_partition(k) from unnest(keys) as k)
          order by h.partition
            for no key update;
    end if;
    with fact as materialized (
        select events_partition(f.key) as partition, f.*,
               row_number() over (partition by events_partition(f.key) order by f.place) as step
          from unnest(keys, types, ids, times, subjects, data)
               with ordinality as f (key, type, id, time, subject, data, place)
    ), head as (
        update events_head h
           set next_position = h.next_position + needed.count,
               recorded_at = greatest(h.recorded_at, clock_timestamp())
          from (select f.partition, count(*) from fact f group by f.partition) as needed
         where h.partition = needed.partition
        returning h.partition, h.next_position - needed.count - 1 as before, h.recorded_at
    )
    insert into events_log (position, key, time, recorded_at, type, partition, id, subject, data)
    select head.before + fact.step, fact.key, fact.time, head.recorded_at,
           -- A type nobody registered becomes null here, and the column refuses it.
           (select t.id from events_type t where t.id = fact.type),
           fact.partition, fact.id, fact.subject, fact.data
      -- A fact without a key has no head, hence no position, and is refused rather than left out.
      from fact left join head using (partition);
end $$;

-- The log as its readers see it, with the type's name instead of its number.
create view events_envelope as
select l.partition, l.position, t.name as type, l.id, l.key, l.subject, l.time, l.recorded_at, l.data
  from events_log l join events_type t on t.id = l.type;
