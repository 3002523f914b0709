-- An erasure is asked for by one, carried out by another, and leaves an act: what was destroyed, when, how and why, and nothing else.
create table customers_erasure (
    id uuid primary key,
    customer_id uuid not null,             -- the person's id; their number is in `numbers` once it is done
    ground text not null,
    note text not null default '',
    asked_by text not null,
    asked_at timestamptz not null,
    state text not null default 'asked',
    decided_by text,
    decided_at timestamptz,
    customer_ids uuid[],                   -- everybody who was merged into the person
    destroyed jsonb,                       -- kinds of data and how many of each
    journal jsonb,                         -- the extract: moments and deeds
    event_id uuid,                         -- the fact that consumers acknowledge

    constraint erasure_ground_is_known
        check (ground in ('request', 'consent_withdrawn', 'purpose_reached', 'unlawful', 'retention')),
    constraint erasure_is_asked_done_or_declined check (state in ('asked', 'done', 'declined')),
    constraint erasure_is_decided_by_somebody check ((state = 'asked') = (decided_by is null)),
    constraint erasure_is_never_decided_by_who_asked check (decided_by <> asked_by),
    constraint done_erasure_has_its_act check ((state = 'done') = (destroyed is not null))
);

create unique index a_person_is_erased_once on customers_erasure (customer_id) where state = 'asked';
create index erasures_by_state on customers_erasure (state, asked_at, id);
