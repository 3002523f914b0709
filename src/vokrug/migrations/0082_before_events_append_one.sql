-- One fact a transaction is the most frequent call, and its head is what others wait for: it is taken by a plain
-- update. The statement for many, with its join, costs twice as much, and when it has waited for the head
-- PostgreSQL runs the whole of it a second time to see the row's newest version.
create or replace function events_append(
    keys bigint[], types integer[], ids uuid[], times timestamptz[], subjects text[], data bytea[]
) returns void language plpgsql as $$
declare
    only_partition smallint;
    only_position bigint;
    only_recorded_at timestamptz;
begin
    if cardinality(keys) = 1 then
        only_partition := events_partition(keys[1]);
        update events_head h
           set next_position = h.next_position + 1, recorded_at = greatest(h.recorded_at, clock_timestamp())
         where h.partition = only_partition
        returning h.next_position - 1, h.recorded_at into only_position, only_recorded_at;
        insert into events_log (position, key, time, recorded_at, type, partition, id, subject, data)
        values (only_position, keys[1], times[1], only_recorded_at,
                (select t.id from events_type t where t.id = types[1]), only_partition, ids[1], subjects[1], data[1]);
        return;
    end if;
    perform from events_head h
      where h.partition in (select events_partition(k) from unnest(keys) as k)
      order by h.partition
        for no key update;
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
