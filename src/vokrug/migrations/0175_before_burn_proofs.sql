-- What shows that a burn of points is the shopper's own wish, and who may say so in their stead.

-- What the programme asks of its tills beside prices: versions, never edited, the newest holds.
create table pos_till_policy (
    version bigint generated always as identity primary key,
    body jsonb not null,
    declared_by text not null,
    declared_at timestamptz not null
);

-- One row for each code that was sent, and for each proof that was given otherwise. Good for one check, one
-- customer, and a burn of so many points or fewer.
create table pos_burn_proof (
    check_id uuid not null,
    method text not null,
    rev int not null,
    sending int not null,
    customer_number bigint not null,
    shop_id bigint not null,
    till_id bigint not null,
    points_minor bigint not null,
    code_mac bytea,                          -- null: the secret is kept elsewhere, or there is none
    tries int not null default 0,
    asked_at timestamptz not null,
    expires_at timestamptz not null,
    proved_at timestamptz,
    used_at timestamptz,                     -- when the sale took it
    by_whom text,                            -- the supervisor's code
    reason text,
    constraint one_code_for_each_sending primary key (check_id, method, rev, sending),
    constraint proof_goes_a_known_way check (method in ('sms', 'call_last4', 'pin', 'app_code', 'admin', 'token')),
    constraint what_is_used_was_proved check (used_at is null or proved_at is not null),
    constraint a_supervisor_says_why check (method <> 'admin' or (by_whom is not null and reason is not null))
);
create index pos_burn_proof_by_supervisors on pos_burn_proof (shop_id, asked_at) where by_whom is not null;

-- A shopper's own secrets for spending: keyed hashes only.
create table pos_burn_secret (
    customer_number bigint primary key,
    pin_mac bytea,
    pin_wrong int not null default 0,        -- in a row; a new PIN begins anew
    last_step bigint not null default 0      -- of the app's codes: each is good once, and none before it
);

-- A QR code of the app that was shown at a till and lets it burn, until a check takes it.
create table pos_burn_ticket (
    nonce bytea primary key,
    customer_number bigint not null,
    till_id bigint not null,
    points_minor bigint not null,
    seen_at timestamptz not null,
    check_id uuid
);
create index pos_burn_ticket_open on pos_burn_ticket (till_id, customer_number, seen_at) where check_id is null;

-- Who may answer for others at a till: with a card or a code, known by its keyed hash.
create table pos_supervisor (
    id bigint generated always as identity primary key,
    shop_id bigint references pos_shop,      -- null: in every shop
    code text not null unique,
    called text not null default '',
    secret_mac bytea not null unique,
    is_active boolean not null default true
);
