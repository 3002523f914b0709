-- What was sold, by shop and hour, and what offers gave, by day: rolled up from facts as they are told.
--
-- slot is the log's partition that a fact came from. Facts of one partition are told one after another, so every row
-- has one writer, and partitions never wait on each other for the chain's busiest shop.

create table analytics_hour (
    shop text not null,
    hour timestamptz not null,               -- its beginning, when the sale was made by the till's clock
    slot smallint not null,
    checks bigint not null default 0,
    member_checks bigint not null default 0,
    late_checks bigint not null default 0,   -- recorded as printed, otherwise than promised
    gross_minor bigint not null default 0,
    discount_minor bigint not null default 0,
    paid_minor bigint not null default 0,
    member_paid_minor bigint not null default 0,
    burned_minor bigint not null default 0,
    earned_minor bigint not null default 0,
    returns bigint not null default 0,
    refunded_minor bigint not null default 0,
    restored_minor bigint not null default 0,
    taken_back_minor bigint not null default 0,
    primary key (shop, hour, slot),
    constraint hour_counts_upwards check (checks >= 0 and returns >= 0),
    constraint members_are_a_part_of_all check (member_checks between 0 and checks and late_checks between 0 and checks)
) with (fillfactor = 60);

create table analytics_offer_day (
    offer text not null,                     -- as checks name it: number and version
    day date not null,                       -- of the shop
    slot smallint not null,
    checks bigint not null default 0,
    discount_minor bigint not null default 0,
    primary key (offer, day, slot),
    constraint offer_counts_upwards check (checks >= 0)
) with (fillfactor = 60);
create index analytics_offer_day_by_day on analytics_offer_day (day);
