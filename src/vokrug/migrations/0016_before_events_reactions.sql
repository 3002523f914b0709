-- Who has read how far, whose facts wait, and doors for readers outside.

create table events_offset (
    reaction text not null,
    partition smallint not null,
    position bigint not null,          -- the last position this reaction is done with
    replays text,                      -- the reaction whose handler a replay borrows
    until bigint,                      -- a replay ends here
    constraint a_reaction_has_one_offset_per_partition primary key (reaction, partition),
    constraint an_offset_counts_from_nothing check (position >= 0),
    constraint only_a_replay_ends check ((replays is null) = (until is null))
) with (fillfactor = 50);

-- A fact whose handler failed, and the later facts of its key, which wait behind it.
create table events_parked (
    reaction text not null,
    partition smallint not null,
    position bigint not null,
    key bigint not null,
    tries integer not null,            -- 0: not tried yet, it waits behind an earlier fact of its key
    retry_at timestamptz,              -- null: tried often enough, a person has to look
    error text not null,
    parked_at timestamptz not null,
    constraint a_fact_is_parked_once primary key (reaction, partition, position),
    constraint what_waits_was_not_tried check (tries >= 0),
    constraint a_parked_fact_belongs_to_a_reaction
        foreign key (reaction, partition) references events_offset on delete cascade
);

create index events_parked_by_key on events_parked (reaction, partition, key, position);

-- The oldest parked fact of each key: the only one that may be tried again.
create view events_parked_first as
select distinct on (reaction, partition, key) reaction, partition, key, position, retry_at
  from events_parked order by reaction, partition, key, position;

-- The last position recorded before a moment, or 0. Positions and recorded times grow together, so a
-- bisection over the primary key finds it and the log needs no index by time.
create function events_position_before(wanted smallint, moment timestamptz) returns bigint
language plpgsql stable as $$
declare
    low bigint := 0;
    high bigint := (select next_position - 1 from events_head where partition = wanted);
    middle bigint;
begin
    while low < high loop
        middle := (low + high + 1) / 2;
        -- The first row at or after the middle: positions have holes where the past was dropped.
        if (select l.recorded_at from events_log l
             where l.partition = wanted and l.position >= middle order by l.position limit 1) < moment then
            low := middle;
        else
            high := middle - 1;
        end if;
    end loop;
    return low;
end $$;

-- The columns an outbox router expects by default, for connectors that poll with a query.
create view events_outbox as
select id, split_part(type, '.', 1) as aggregatetype, key::text as aggregateid, type,
       convert_from(data, 'UTF8')::jsonb as payload, partition, position, recorded_at
  from events_envelope;
