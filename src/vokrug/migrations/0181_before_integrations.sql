-- How each shop's tills were connected: by whom, how far they are, who did what.
create table pos_integration (
    id uuid primary key,
    place bigint generated always as identity unique,
    shop_id bigint not null references pos_shop,
    till_ids bigint[] not null constraint an_integration_has_tills check (cardinality(till_ids) between 1 and 200),
    vendor text not null,
    contact_email text not null,
    software text not null,
    language text not null,
    is_sandbox boolean not null,
    state text not null constraint state_is_known
        check (state in ('invited', 'keys', 'conformance', 'live', 'suspended')),
    body_hash bytea not null,
    invitation_id uuid not null,            -- the asker's: asked again, the same code
    code_sha256 bytea not null unique,
    code_sealed bytea not null,
    code_until timestamptz not null,
    claim_id uuid,                          -- the taker's: taken again after a broken line, the same keys
    claimed_at timestamptz,
    key_ids text[] not null default '{}',
    report jsonb,
    report_passed boolean,
    reported_at timestamptz,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    constraint a_claim_is_dated check ((claim_id is null) = (claimed_at is null)),
    constraint a_report_says_whether_it_passed check ((report is null) = (report_passed is null))
);
create index integrations_of_a_shop on pos_integration (shop_id);
create index integrations_by_state on pos_integration (state, place);

create table pos_integration_event (
    id bigint generated always as identity primary key,
    integration_id uuid not null references pos_integration,
    at timestamptz not null,
    by text not null,                       -- a key's id, or the vendor
    what text not null,
    note text not null default ''
);
create index history_of_an_integration on pos_integration_event (integration_id, id);
