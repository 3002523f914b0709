-- What a till says of itself beyond its clock and queue; nulls are tills that do not tell.
alter table pos_heartbeat
    add column declined integer not null default 0,      -- documents that wait for a person at the till
    add column calls integer not null default 0,         -- since its last heartbeat
    add column unanswered integer not null default 0,
    add column p95_ms integer;                           -- of those calls, as the till waited

-- Calls of each till as the centre answered them, by five minutes; kept for two days.
create table pos_till_traffic (
    slot timestamptz not null,
    till_id bigint not null,
    calls integer not null,
    errors integer not null,                             -- 5xx
    refusals integer not null,                           -- 4xx
    times integer[] not null,                            -- how many took up to 10, 25, 50 … milliseconds
    constraint a_slot_has_one_row_a_till primary key (slot, till_id)
);

create table pos_alarm_policy (
    version bigint generated always as identity primary key,
    body jsonb not null,
    declared_by text not null,
    declared_at timestamptz not null
);

-- What is wrong now. Raised and cleared once each, with its fact.
create table pos_till_alarm (
    shop_id bigint not null references pos_shop,
    till_id bigint not null default 0,                   -- 0: of the whole shop
    alarm text not null,
    since timestamptz not null,
    constraint an_alarm_is_raised_once primary key (shop_id, till_id, alarm)
);

create index parked_returns_of_a_shop on pos_return (shop_id) where status = 'parked';
