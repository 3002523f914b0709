-- Products that have logins of their own, what leads from them to accounts, and browsers on their way there and back.

create table accounts_peer (                  -- a product whose logins may open an account here
    code text primary key,
    kind text not null,
    name_en text not null,
    name_ru text not null,
    address text not null,                    -- the issuer, or where a login and a password are checked
    client_id text,
    secret_sealed bytea not null,
    scopes text[] not null default '{}',
    document_version text not null,
    declared_at timestamptz not null,
    paused_at timestamptz,

    constraint peer_code_is_plain check (code ~ '^[a-z][a-z0-9_.-]{0,39}$'),
    constraint peer_is_of_a_known_kind check (kind in ('oidc', 'legacy')),
    constraint peer_of_openid_knows_us_by_an_id check ((kind = 'oidc') = (client_id is not null))
);

create table accounts_link (                  -- one login elsewhere and one account here, from the first step on
    id uuid primary key,
    peer text not null references accounts_peer,
    account_id uuid not null references accounts_account,
    session_id uuid not null references accounts_session,  -- both proofs are of one session
    begun_at timestamptz not null,
    expires_at timestamptz not null,          -- of an unfinished one
    proved_there_at timestamptz,
    subject_hash bytea,                       -- keyed
    subject_sealed bytea,
    login_hash bytea,                         -- of a legacy login, keyed
    password_hash text,                       -- Argon2id, from the first success on
    proved_here_at timestamptz,
    agreed_at timestamptz,
    document_version text,
    linked_at timestamptz,
    customer_id uuid,                         -- whom the identifier was attached to
    identifier_id bigint,                     -- none: they had it before
    consent_before jsonb,                     -- their word before this link; none: they had said nothing
    unlinked_at timestamptz,
    unlinked_by text,

    constraint link_is_agreed_to_after_both_proofs
        check (agreed_at is null or (proved_there_at is not null and proved_here_at is not null)),
    constraint link_stands_only_if_agreed_to check (linked_at is null or agreed_at is not null),
    constraint link_ends_by_somebody check ((unlinked_at is null) = (unlinked_by is null))
);

create unique index a_login_elsewhere_opens_one_account
    on accounts_link (peer, subject_hash) where linked_at is not null and unlinked_at is null;
create unique index a_legacy_login_opens_one_account
    on accounts_link (peer, login_hash) where linked_at is not null and unlinked_at is null and login_hash is not null;
create unique index one_unfinished_link_to_a_peer_in_a_session
    on accounts_link (session_id, peer) where linked_at is null and unlinked_at is null;
create index links_of_an_account on accounts_link (account_id);
create index unfinished_links_by_expiry on accounts_link (expires_at) where linked_at is null;
create index links_by_end on accounts_link (unlinked_at) where unlinked_at is not null;

create table accounts_trip (                  -- a browser sent to a peer, until it comes back, once
    state_hash bytea primary key,
    peer text not null references accounts_peer,
    visit_hash bytea,                         -- who signs in comes back with the same cookie
    link_id uuid references accounts_link on delete cascade,   -- who links comes back in the same session
    request text not null default '',
    nonce text not null,
    verifier_sealed bytea not null,
    begun_at timestamptz not null,
    expires_at timestamptz not null,

    constraint trip_is_bound_to_a_browser_or_a_link check ((visit_hash is null) <> (link_id is null))
);

create index trips_by_expiry on accounts_trip (expires_at);
