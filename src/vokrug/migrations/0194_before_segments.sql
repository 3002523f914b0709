-- Who is alike: by a rule over what is known of people, or by a list. Membership is one key read, however many segments.
create table customers_segment (
    number integer generated always as identity primary key,
    key text not null,
    words jsonb not null,
    rule jsonb,                            -- absent: a list
    members bigint not null default 0,
    state text not null default 'live',
    made_by text not null,
    made_at timestamptz not null,
    counted_at timestamptz,                -- everybody was looked at; before that it is still being filled
    last_differences bigint,               -- how many the last full count found elsewhere than they were kept

    constraint segment_key_is_used_once unique (key),
    constraint segment_key_is_a_short_word check (key ~ '^[a-z0-9][a-z0-9_.-]{0,55}$'),
    constraint segment_is_live_or_ended check (state in ('live', 'ended')),
    constraint segment_has_no_fewer_than_nobody check (members >= 0)
);

create table customers_segmented (
    customer_number bigint primary key references customers_customer,
    segments integer[] not null
) with (fillfactor = 80);

create table customers_segment_listed (
    segment integer not null references customers_segment,
    customer_number bigint not null references customers_customer,
    primary key (customer_number, segment)
);
create index listed_of_a_segment on customers_segment_listed (segment, customer_number);

-- How far segments have followed `customers_change`.
create table customers_segment_head (
    is_one boolean primary key default true,
    place bigint not null,
    constraint there_is_one_head_of_segments check (is_one)
);
insert into customers_segment_head (place) select place from customers_change_head;
