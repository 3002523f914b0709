-- The catalogue as data: who declared a type, what it promises, how its schema came to be, who reads it.

alter table events_type
    add column origin text not null default 'code',
    add column purpose text,                          -- consent purpose of reading the whole of it
    add column examples jsonb not null default '[]',
    add column compatibility text not null default 'full',
    add column acknowledge_days integer,              -- every consumer has to say within these that it acted
    add column publishers text[] not null default '{}',
    add column identify jsonb not null default '[]',  -- where a fact from outside names its customer
    add column upcast jsonb,                          -- how the previous version becomes this one
    add column revision integer not null default 1,
    add constraint a_type_is_declared_in_code_or_over_http check (origin in ('code', 'http')),
    add constraint a_type_promises_backward_or_full check (compatibility in ('backward', 'full')),
    add constraint a_fact_is_acknowledged_in_some_days check (acknowledge_days > 0),
    add constraint only_types_of_others_have_publishers check (origin = 'http' or publishers = '{}');

-- Every schema a type ever had: a new one is compared with all of them.
create table events_type_revision (
    type integer not null references events_type,
    revision integer not null,
    schema jsonb not null,
    changes jsonb not null,             -- what differs from the revision before
    changed_at timestamptz not null,
    changed_by text not null,           -- a key, or the release that declared it in code
    constraint a_revision_is_written_once primary key (type, revision)
);

create table events_consumer (
    name text not null,
    words text not null,
    contact text not null,
    purposes text[] not null,           -- whose personal fields it may hold
    retention_days integer not null,    -- how long it keeps what it read
    keys text[] not null,               -- who may change it and acknowledge for it
    registered_at timestamptz not null,
    changed_at timestamptz not null,
    constraint a_consumer_has_one_name primary key (name),
    constraint a_consumer_is_named_plainly check (name ~ '^[a-z][a-z0-9_.-]{0,63}$'),
    constraint a_consumer_keeps_facts_for_some_days check (retention_days > 0)
);

create table events_reading (
    consumer text not null references events_consumer on delete cascade,
    type integer not null references events_type,
    fields text[],                      -- null: all of them
    is_closed boolean not null,         -- a new choice among known ones would break it
    constraint a_consumer_reads_a_type_once primary key (consumer, type)
);

create index events_readers_of_a_type on events_reading (type);

-- Who owes word on which fact: written with the fact, so nobody has to search the log for it.
create table events_acknowledgement (
    event uuid not null,
    consumer text not null references events_consumer on delete cascade,
    type integer not null,
    subject text not null,
    told_at timestamptz not null,
    due_at timestamptz not null,
    acknowledged_at timestamptz,
    acknowledged_by text,
    constraint a_consumer_answers_for_a_fact_once primary key (event, consumer),
    constraint who_acknowledged_said_when check ((acknowledged_at is null) = (acknowledged_by is null))
);

create index events_acknowledgements_missing on events_acknowledgement (due_at) where acknowledged_at is null;
create index events_acknowledgements_of_a_consumer on events_acknowledgement (consumer, due_at);
