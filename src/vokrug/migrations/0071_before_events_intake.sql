-- Facts of other systems: each told once, and what could not be taken kept for a person.

create table events_published (
    source text not null,
    id text not null,
    digest bytea not null,              -- tells a repeat from another body under the same id
    published_at timestamptz not null,
    constraint a_source_tells_an_id_once primary key (source, id)
);

create index events_published_by_time on events_published (published_at);

create table events_dead_letter (
    id uuid not null,
    raw bytea not null,                 -- the event as it came, in structured mode
    digest bytea not null,
    type text,                          -- what could be read of it
    source text,
    event_id text,
    reason text not null,               -- the refusal's stable code
    field text not null default '',
    facts jsonb not null default '{}',
    publisher text not null,            -- the key it came under
    publisher_role text not null,
    arrived_at timestamptz not null,
    tried_at timestamptz not null,
    tries integer not null default 1,
    state text not null default 'open',
    ended_at timestamptz,
    ended_by text,
    ended_because text,
    constraint a_dead_letter_has_one_row primary key (id),
    constraint a_dead_letter_is_open_taken_or_discarded check (state in ('open', 'taken', 'discarded')),
    constraint what_ended_was_ended_by_somebody
        check ((state = 'open') = (ended_at is null) and (state = 'open') = (ended_by is null)),
    constraint who_discards_says_why check (state <> 'discarded' or ended_because is not null)
);

-- A publisher that keeps trying has one letter here, however often it tries.
create unique index a_dead_letter_is_open_once on events_dead_letter (publisher, digest) where state = 'open';
create index events_dead_letters_by_type on events_dead_letter (type, id);
