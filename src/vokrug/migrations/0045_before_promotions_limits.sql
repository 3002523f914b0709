-- Campaigns with their budgets, limits of offers, and the counters that hold them under any concurrency.

create table promotions_campaign (
    number     bigint generated always as identity primary key,
    id         uuid not null,
    key        text not null,
    name       text not null,
    owner      text not null,
    from_at    timestamptz,
    until_at   timestamptz,
    state      text not null,
    changed_by text not null,
    changed_at timestamptz not null,
    constraint campaign_id_belongs_to_one_campaign unique (id),
    constraint campaign_key_is_unique unique (key),
    constraint campaign_key_is_a_short_word check (key ~ '^[a-z0-9][a-z0-9_.-]{0,63}$'),
    constraint campaign_state_is_known check (state in ('planned', 'running', 'paused', 'ended')),
    constraint campaign_ends_after_it_begins check (until_at > from_at)
);

alter table promotions_offer add column campaign bigint references promotions_campaign (number);
create index offers_of_a_campaign on promotions_offer (campaign) where campaign is not null;

-- One row for "this offer (or campaign), per this subject, in this period, by this measure". A new wording of
-- the offer that keeps the limit keeps its counters, whatever number it now allows.
create table promotions_limit (
    id       bigint generated always as identity primary key,
    offer    bigint references promotions_offer (number),
    campaign bigint references promotions_campaign (number),
    subject  text not null,
    period   text not null,
    days     integer not null default 0,
    measure  text not null,
    most     bigint not null,
    is_live  boolean not null default true,
    constraint limit_belongs_to_an_offer_or_a_campaign check (num_nonnulls(offer, campaign) = 1),
    constraint limit_is_written_once unique nulls not distinct (offer, campaign, subject, period, days, measure),
    constraint limit_subject_is_known check (subject in
        ('customer', 'household', 'card', 'shop', 'shop_group', 'cashier', 'offer', 'code')),
    constraint limit_period_is_known check (period in ('ever', 'day', 'week', 'month', 'year', 'rolling')),
    constraint rolling_limit_says_over_how_many_days check ((period = 'rolling') = (days > 0)),
    constraint limit_measure_is_known check (measure in ('uses', 'units', 'amount', 'points')),
    constraint limit_allows_nothing_negative check (most >= 0)
);

-- What is taken, reservations included: a commit then touches no counter that its hold has touched. `over` is
-- what receipts that were already printed took beyond the limit; without them nothing passes it.
create table promotions_count (
    limit_id bigint not null,
    subject  bigint not null,
    bucket   integer not null,
    taken    bigint not null default 0,
    most     bigint not null,
    over     bigint not null default 0,
    primary key (limit_id, subject, bucket),
    constraint a_counter_never_passes_its_limit check (taken <= most + over),
    constraint a_counter_never_gives_back_more_than_it_took check (taken >= 0 and over >= 0)
) with (fillfactor = 70);

-- Who took what: the counters are the sums of these rows. State h is a reservation, t is taken for good.
create table promotions_taking (
    check_id uuid not null,
    offer    bigint not null,
    limit_id bigint not null,
    subject  bigint not null,
    bucket   integer not null,
    amount   bigint not null,
    returned bigint not null default 0,
    state    "char" not null,
    until_at timestamptz,
    primary key (check_id, offer, limit_id, subject, bucket),
    constraint a_taking_is_held_until_a_moment_or_taken check ((state = 'h') = (until_at is not null) and state in ('h', 't')),
    constraint no_more_is_given_back_than_was_taken check (amount >= 0 and returned between 0 and amount)
);
create index takings_that_will_lapse on promotions_taking (until_at) where state = 'h';

-- A shared budget that runs low: written by whoever crosses the line, told to the others by a job.
create table promotions_alarm (
    limit_id bigint not null,
    subject  bigint not null,
    bucket   integer not null,
    level    smallint not null,
    taken    bigint not null,
    most     bigint not null,
    at       timestamptz not null,
    told_at  timestamptz,
    primary key (limit_id, subject, bucket, level)
);
create index alarms_to_be_told on promotions_alarm (at) where told_at is null;
