-- How far we have read topics of others. The place moves in the transaction that publishes what was read.
create table events_intake (
    source text not null,              -- which broker: "kafka"
    topic text not null,
    partition integer not null,
    position bigint,                   -- the offset of the last message taken; null: none yet
    taken bigint not null default 0,
    refused bigint not null default 0, -- kept as dead letters by the publishing door
    moved_at timestamptz,
    constraint a_topics_partition_has_one_place primary key (source, topic, partition)
) with (fillfactor = 50);
