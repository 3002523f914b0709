-- How long what is kept. Nothing is destroyed by a rule that nobody wrote down.
create table customers_retention (
    kind text not null,
    subject text not null,                 -- an attribute's or a type's code, a purpose; '*' for all
    days integer not null,
    changed_by text not null,
    changed_at timestamptz not null,
    primary key (kind, subject),

    constraint retention_is_of_a_known_kind check (kind in
        ('attribute', 'consent_proof', 'identifier', 'card_read', 'bulk_read')),
    constraint retention_is_a_day_at_least check (days >= 1)
);

-- What each night destroyed, by rule; and the dry runs before it.
create table customers_retention_run (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    is_dry boolean not null,
    report jsonb not null
);

create index observations_by_age on customers_observation (code, last_at);
create index assertions_that_ended on customers_assertion (valid_to) where valid_to is not null;
create index consents_with_proof on customers_consent (at) where proof <> '{}';
create index card_reads_by_age on customers_card_read (at);
