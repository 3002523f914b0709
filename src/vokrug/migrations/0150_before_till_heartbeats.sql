-- What each till last said of itself. One row a till, overwritten.

create table pos_heartbeat (
    till_id bigint primary key references pos_till,
    seen_at timestamptz not null,
    skew_ms bigint not null,                 -- the till's clock minus ours
    queue_length integer not null,
    software text not null,
    constraint a_queue_is_no_shorter_than_empty check (queue_length >= 0)
);
