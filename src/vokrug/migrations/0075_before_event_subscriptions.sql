-- Who reads the facts from outside: subscriptions, where webhooks go, and who is delivering right now.
-- Places and parked facts are those of reactions, under the name 'subscription/<name>'.

create table events_subscription (
    name text not null,
    owner_key text not null,           -- the key that reads; handed over when a partner changes keys
    words text not null,               -- what it is for
    types text[] not null,
    filter text not null,              -- CloudEvents SQL; empty: everything of these types
    delivery text not null,
    start_from text not null,
    start_time timestamptz,
    start_cursor text,
    purposes text[] not null,          -- personal fields kept for another purpose are left out
    keeps_days integer not null,       -- how long the subscriber says it keeps what it reads
    lag_limit_days integer,            -- the past is held back for it so long; null: for ever
    max_per_s integer,
    max_in_flight integer not null,
    topic text,                        -- of a broker
    state text not null,
    reason text not null default '',   -- why it is paused or retired
    replays text,                      -- the subscription whose past it tells again
    skipped bigint not null default 0, -- facts it never read, because it was too far behind
    requested_by text not null,
    requested_at timestamptz not null,
    approved_by text,
    changed_at timestamptz not null,
    constraint a_subscription_has_one_name primary key (name),
    constraint a_name_fits_into_an_address check (name ~ '^[a-z][a-z0-9_.-]{1,62}$'),
    constraint a_subscription_wants_something check (cardinality(types) > 0),
    constraint a_delivery_is_of_a_known_kind check (delivery in ('pull', 'sse', 'webhook', 'broker')),
    constraint a_start_is_of_a_known_kind check (start_from in ('now', 'beginning', 'time', 'cursor')),
    constraint a_start_says_from_where
        check ((start_from = 'time') = (start_time is not null) and (start_from = 'cursor') = (start_cursor is not null)),
    constraint a_state_is_known check (state in ('requested', 'approved', 'active', 'paused', 'retired')),
    constraint nobody_approves_their_own_request check (approved_by <> requested_by),
    constraint what_runs_was_approved check (state in ('requested', 'retired') or approved_by is not null),
    constraint a_topic_belongs_to_a_broker check ((delivery = 'broker') = (topic is not null)),
    constraint limits_let_something_through
        check (max_per_s > 0 and max_in_flight > 0 and keeps_days > 0 and lag_limit_days > 0)
);

-- Everything that anybody did to a subscription.
create table events_subscription_audit (
    id bigint generated always as identity,
    subscription text not null,
    at timestamptz not null,
    actor text not null,               -- a key, or 'vokrug' for what happens by itself
    action text not null,
    details jsonb not null default '{}',
    constraint an_act_has_one_row primary key (id)
);
create index events_subscription_audit_by_name on events_subscription_audit (subscription, id);

-- How much may still be sent now. Its lock is held for a page or a round's claim, never while waiting.
create table events_subscription_rate (
    subscription text not null,
    tokens double precision not null,
    filled_at timestamptz not null,
    constraint a_subscription_has_one_rate primary key (subscription),
    constraint a_rate_belongs_to_a_subscription
        foreign key (subscription) references events_subscription on delete cascade
) with (fillfactor = 50);

-- Where a webhook goes, and how its receiver fares.
create table events_endpoint (
    subscription text not null,
    url text not null,
    mode text not null,
    batch_size integer not null,
    tries integer not null,            -- after so many failures a fact waits for a person
    timeout_s integer not null,
    secret_sealed bytea not null,
    former_secret_sealed bytea,        -- signs as well until its time is over
    former_until timestamptz,
    verified_at timestamptz,
    allowed_per_min integer,           -- what the receiver granted; null: no limit
    failures integer not null default 0, -- one after the other, without a success in between
    open_until timestamptz,            -- nothing is sent before
    last_status integer,
    last_error text not null default '',
    last_failed_at timestamptz,
    delivered_at timestamptz,
    constraint a_webhook_has_one_endpoint primary key (subscription),
    constraint an_endpoint_belongs_to_a_subscription
        foreign key (subscription) references events_subscription on delete cascade,
    constraint a_mode_is_known check (mode in ('structured', 'binary')),
    constraint a_batch_is_structured check (batch_size = 1 or (batch_size > 1 and mode = 'structured')),
    constraint an_endpoint_is_tried check (tries > 0 and timeout_s > 0),
    constraint a_former_secret_ends check ((former_secret_sealed is null) = (former_until is null))
) with (fillfactor = 50);

-- Who delivers a partition right now. A holder that died or slept loses it when its time is over, and
-- finds out when it comes back to say what it has done.
create table events_sending (
    subscription text not null,
    partition smallint not null,
    holder uuid,
    until timestamptz not null,
    width integer not null,            -- requests at a time
    until_position bigint not null,    -- up to where it reads: who comes after it makes the same batches
    singly_until bigint not null default 0, -- a batch up to here failed: its facts go one by one
    constraint a_partition_has_one_lease primary key (subscription, partition),
    constraint a_lease_belongs_to_an_endpoint
        foreign key (subscription) references events_endpoint on delete cascade
) with (fillfactor = 50);

-- The log of deliveries, a row for each round.
create table events_delivery (
    id bigint generated always as identity,
    subscription text not null,
    partition smallint not null,
    at timestamptz not null,
    delivered integer not null,
    failed integer not null,
    until_position bigint not null,
    status integer,                    -- of the last failure
    error text not null,
    constraint a_round_has_one_row primary key (id)
);
create index events_delivery_by_subscription on events_delivery (subscription, id);
create index events_delivery_by_time on events_delivery using brin (at);

-- Types of which only the newest fact of each key is kept.
create table events_compaction (
    type integer not null,
    since timestamptz not null,
    constraint a_type_is_compacted_once primary key (type)
);

-- One number for each subscription: the facts that it has not read and those that are parked for it.
create view events_subscription_lag as
select s.name,
       coalesce(sum(least(h.next_position - 1, o.until) - o.position), 0)::bigint as unread,
       (select count(*) from events_parked p where p.reaction = 'subscription/' || s.name) as parked,
       (select count(*) from events_parked p
         where p.reaction = 'subscription/' || s.name and p.retry_at is null) as stuck,
       min(case when o.position < least(h.next_position - 1, o.until) then
               (select l.recorded_at from events_log l
                 where l.partition = o.partition and l.position > o.position order by l.position limit 1)
           end) as unread_since,
       (select min(l.recorded_at) from events_parked p join events_log l using (partition, position)
         where p.reaction = 'subscription/' || s.name) as parked_since
  from events_subscription s
       left join (events_offset o join events_head h using (partition)) on o.reaction = 'subscription/' || s.name
 group by s.name;
