-- Experiments and referrals.

create table promotions_experiment (
    number     bigint generated always as identity primary key,
    id         uuid not null,
    key        text not null,
    name       text not null,
    variants   jsonb not null,            -- [[key, weight, [offer numbers]], …]: the first is the control
    state      text not null,
    from_at    timestamptz not null,
    until_at   timestamptz,
    changed_by text not null,
    changed_at timestamptz not null,
    constraint experiment_id_belongs_to_one_experiment unique (id),
    constraint experiment_key_is_unique unique (key),
    constraint experiment_key_is_a_short_word check (key ~ '^[a-z0-9][a-z0-9_.-]{0,63}$'),
    constraint experiment_state_is_known check (state in ('running', 'ended')),
    constraint experiment_ends_after_it_begins check (until_at > from_at)
);

-- How much of everybody gets no offers at all, so that what all offers together are worth can be measured.
create table promotions_holdout (
    only_row   boolean primary key default true check (only_row),
    share_bp   integer not null default 0,
    salt       text not null default 'holdout',
    constraint holdout_leaves_somebody check (share_bp between 0 and 5000)
);
insert into promotions_holdout default values;

create table promotions_referral_programme (
    only_row        boolean primary key default true check (only_row),
    is_open         boolean not null default false,
    inviter_points  bigint not null default 0,
    friend_points   bigint not null default 0,
    min_minor       bigint not null default 0,   -- of the friend's first purchase
    wait_days       integer not null default 14, -- the return window
    most_a_month    integer not null default 10, -- of one inviter
    constraint referral_gives_nothing_negative check (least(inviter_points, friend_points, min_minor, wait_days, most_a_month) >= 0)
);
insert into promotions_referral_programme default values;

create table promotions_referral_code (
    customer_number bigint primary key,
    code            text not null,
    constraint referral_code_belongs_to_one_customer unique (code)
);

create table promotions_referral (
    friend     bigint primary key,        -- one is invited once
    id         uuid not null unique,
    inviter    bigint not null,
    device     bytea,
    state      text not null,
    reason     text not null default '',
    at         timestamptz not null,
    sale_id    uuid,
    ripe_at    timestamptz,
    settled_at timestamptz,
    constraint nobody_invites_themselves check (friend <> inviter),
    constraint referral_state_is_known check (state in ('invited', 'waiting', 'rewarded', 'refused', 'lapsed')),
    constraint a_waiting_referral_has_its_sale check (state <> 'waiting' or (sale_id is not null and ripe_at is not null))
);
create index referrals_of_an_inviter on promotions_referral (inviter, at);
create index referrals_that_ripen on promotions_referral (ripe_at) where state = 'waiting';
create index referrals_by_device on promotions_referral (device) where device is not null;
