-- How people prove who they are: attempts on their way, meters against guessing and pumping, and the console's messages.

create table accounts_attempt (
    id uuid primary key,
    visit_hash bytea not null,                -- the browser that began it, and no other, may finish it
    kind text not null,
    login_hash bytea,                         -- of the phone or e-mail
    login_sealed bytea,                       -- the same, readable until the attempt is over
    code_mac bytea,
    challenge bytea,
    account_id uuid references accounts_account,
    amr text[] not null default '{}',         -- what has been proved so far
    tries int not null default 0,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    proved_at timestamptz,
    done_at timestamptz,

    constraint attempt_kind_is_known check (kind in ('sms', 'email', 'add_email', 'password', 'passkey', 'add_passkey', 'upstream')),
    constraint code_is_tried_five_times check (tries <= 5)
);

create index attempts_by_expiry on accounts_attempt (expires_at);

create table accounts_meter (
    key bytea not null,                       -- keyed hash of what is counted
    window_start timestamptz not null,
    count int not null,
    until timestamptz not null,

    constraint meter_counts_in_windows primary key (key, window_start)
);

create index meters_by_end on accounts_meter (until);

create table accounts_console_message (       -- only where no gateway is set: a developer's machine
    id bigint generated always as identity primary key,
    channel text not null,
    address text not null,
    text text not null,
    at timestamptz not null
);
