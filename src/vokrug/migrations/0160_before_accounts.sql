-- Who signs in, where, and what they let each product know. An account points at a customer; personal data stays with
-- the customer, here are keyed hashes. Secrets are kept hashed, or sealed under a key derived from the installation's.

create table accounts_account (
    id uuid primary key,
    customer_id uuid not null,
    customer_number bigint not null,          -- the key of this person's facts
    state text not null default 'open',
    created_at timestamptz not null,
    totp_sealed bytea,
    totp_confirmed_at timestamptz,
    totp_last_step bigint,                    -- a code of this step or an earlier one was used
    password_hash text,

    constraint account_is_open_or_closed check (state in ('open', 'closed')),
    constraint totp_is_confirmed_only_if_it_exists check (totp_sealed is not null or totp_confirmed_at is null)
);

create unique index a_customer_has_one_open_account on accounts_account (customer_id) where state = 'open';

create table accounts_login (                 -- a phone or an e-mail that its owner has proved
    kind text not null,
    hash bytea not null,
    account_id uuid not null references accounts_account,
    proved_at timestamptz not null,

    constraint login_is_a_phone_or_an_email check (kind in ('phone', 'email')),
    constraint login_leads_to_one_account primary key (kind, hash)
);

create index logins_of_an_account on accounts_login (account_id);

create table accounts_session (               -- a device on which somebody is signed in
    id uuid primary key,
    token_hash bytea not null,
    account_id uuid not null references accounts_account,
    created_at timestamptz not null,
    auth_time timestamptz not null,           -- when they last proved who they are
    amr text[] not null,
    acr text not null,
    device text not null default '',          -- what the browser calls itself, cut short
    seen_at timestamptz not null,
    ended_at timestamptz,
    ended_why text,

    constraint session_token_opens_one_session unique (token_hash),
    constraint session_ends_for_a_reason check ((ended_at is null) = (ended_why is null))
);

create index open_sessions_of_an_account on accounts_session (account_id) where ended_at is null;

create table accounts_client (                -- a product that signs people in through us
    id text primary key,
    name_en text not null,
    name_ru text not null,
    secret_hash bytea,                        -- none: a public client
    redirect_uris text[] not null,
    post_logout_uris text[] not null default '{}',
    backchannel_logout_uri text,
    scopes text[] not null,
    sector text not null,                     -- clients of one sector see one subject
    id_token_alg text not null default 'RS256',
    is_trusted boolean not null default false,   -- ours: asks for no consent
    needs_par boolean not null default false,
    may_introspect boolean not null default false,
    allows_password boolean not null default false,
    created_at timestamptz not null,
    disabled_at timestamptz,

    constraint client_id_is_plain check (id ~ '^[a-z][a-z0-9_.-]{1,47}$'),
    constraint client_has_somewhere_to_return check (cardinality(redirect_uris) between 1 and 20),
    constraint id_token_alg_is_offered check (id_token_alg in ('RS256', 'ES256'))
);

create table accounts_signing_key (
    kid text primary key,
    alg text not null,
    state text not null,
    public_jwk jsonb not null,
    private_sealed bytea,                     -- destroyed when the key is retired
    made_at timestamptz not null,
    since timestamptz not null,               -- of its state

    constraint signing_key_state_is_known check (state in ('next', 'current', 'previous', 'retired')),
    constraint only_a_retired_key_has_lost_its_private_part check ((state = 'retired') = (private_sealed is null))
);

create unique index one_current_key_for_an_algorithm on accounts_signing_key (alg) where state = 'current';
create unique index one_next_key_for_an_algorithm on accounts_signing_key (alg) where state = 'next';

create table accounts_request (               -- an authorization request on its way: pushed, or waiting for its person
    id_hash bytea primary key,
    client_id text not null references accounts_client,
    params jsonb not null,
    is_pushed boolean not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);

create index requests_by_expiry on accounts_request (expires_at);

create table accounts_grant (                 -- one authorization: a code, and the family of tokens that came of it
    id uuid primary key,
    account_id uuid not null references accounts_account,
    client_id text not null references accounts_client,
    session_id uuid not null references accounts_session,
    scope text not null,
    created_at timestamptz not null,
    revoked_at timestamptz,
    revoked_why text,

    constraint grant_is_revoked_for_a_reason check ((revoked_at is null) = (revoked_why is null))
);

create index grants_of_a_session on accounts_grant (session_id) where revoked_at is null;
create index grants_of_an_account on accounts_grant (account_id, client_id) where revoked_at is null;

create table accounts_code (
    hash bytea primary key,
    grant_id uuid not null references accounts_grant on delete cascade,
    redirect_uri text not null,
    challenge text not null,
    nonce text,
    expires_at timestamptz not null,
    used_at timestamptz
);

create table accounts_token (
    hash bytea primary key,
    grant_id uuid not null references accounts_grant on delete cascade,
    kind text not null,
    scope text not null,
    issued_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,                     -- rotated or revoked

    constraint token_is_for_access_or_refresh check (kind in ('access', 'refresh'))
);

create index tokens_of_a_grant on accounts_token (grant_id);
create index tokens_by_expiry on accounts_token (expires_at);

create table accounts_consent (               -- what an account lets a client know; the words are with the customer
    account_id uuid not null references accounts_account,
    client_id text not null references accounts_client,
    scopes text[] not null,
    given_at timestamptz not null,

    constraint consent_is_given_once_to_a_client primary key (account_id, client_id)
);

create table accounts_logout_notice (         -- a product that has still to hear that a session ended
    id uuid primary key,
    client_id text not null references accounts_client,
    account_id uuid not null references accounts_account,
    session_id uuid not null references accounts_session,
    made_at timestamptz not null,
    next_try_at timestamptz not null,
    tries int not null default 0,
    told_at timestamptz,
    given_up_at timestamptz
);

create index logout_notices_to_send on accounts_logout_notice (next_try_at) where told_at is null and given_up_at is null;

create table accounts_passkey (
    credential_id bytea primary key,
    account_id uuid not null references accounts_account,
    public_key bytea not null,
    sign_count bigint not null,
    name text not null,
    is_synced boolean not null,
    made_at timestamptz not null,
    used_at timestamptz
);

create index passkeys_of_an_account on accounts_passkey (account_id);
