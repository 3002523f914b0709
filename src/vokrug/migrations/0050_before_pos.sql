-- Shops and their tills, the goods they sell, the documents they send.

create table pos_shop (
    id bigint generated always as identity primary key,
    code text not null unique,
    name text not null,
    zone text not null,                -- IANA name: the shop's day ends at its own midnight
    currency text not null default 'RUB',
    legal_entity text not null default '',
    groups text[] not null default '{}',
    tolerance_line_minor bigint not null default 1,
    tolerance_check_minor bigint not null default 5,
    created_at timestamptz not null,
    constraint shop_tolerates_nothing_negative check (tolerance_line_minor >= 0 and tolerance_check_minor >= 0)
);

create table pos_till (
    id bigint generated always as identity primary key,
    shop_id bigint not null references pos_shop,
    code text not null,
    created_at timestamptz not null,
    constraint one_till_per_code_in_a_shop unique (shop_id, code)
);

create table pos_cashier (
    id bigint generated always as identity primary key,
    shop_id bigint not null references pos_shop,
    code text not null,
    called text not null default '',
    constraint one_cashier_per_code_in_a_shop unique (shop_id, code)
);

create table pos_category (
    id bigint generated always as identity primary key,
    parent_id bigint references pos_category,
    code text not null unique,
    name text not null
);

create table pos_article (
    id bigint generated always as identity primary key,
    sku text not null unique,
    name text not null,
    category_ids bigint[] not null default '{}',  -- the whole path, top first
    brand text,
    barcodes text[] not null default '{}',
    is_weighed boolean not null default false,
    min_price_minor bigint not null default 0,
    no_discount boolean not null default false,
    no_burn boolean not null default false,
    no_earn boolean not null default false,
    constraint article_price_floor_is_not_negative check (min_price_minor >= 0)
);
create index pos_article_barcodes on pos_article using gin (barcodes);

-- Counts changes of all the tables above, so that every process notices within a second.
create table pos_reference_version (only_row boolean primary key default true check (only_row), version bigint not null default 1);
insert into pos_reference_version default values;

-- What was promised to a till for a check, once per check; a higher revision replaces it. `document` is
-- everything the answer and later returns are made from (pos/document.py), written once.
create table pos_quote (
    check_id uuid primary key,
    rev int not null,
    body_hash bytea not null,
    shop_id bigint not null,
    till_id bigint not null,
    customer_number bigint,
    hold_id bigint,
    priced_at timestamptz not null,
    document bytea not null,
    constraint revision_counts_from_zero check (rev >= 0)
) with (toast_tuple_target = 8160, fillfactor = 95);
alter table pos_quote alter column document set storage external;
create index pos_quote_age on pos_quote using brin (priced_at);

-- A sale, or the place kept for one whose return came first (awaited).
create table pos_sale (
    check_id uuid primary key,
    customer_number bigint,
    shop_id bigint,
    till_id bigint,
    rev int,
    body_hash bytea,
    status text not null,
    journal_id bigint,
    at timestamptz not null,
    recorded_at timestamptz not null,
    paid_minor bigint not null default 0,
    burned_minor bigint not null default 0,
    earned_minor bigint not null default 0,
    balance_minor bigint not null default 0,
    spent_minor bigint not null default 0,   -- the shopper's standing after this sale
    deviation_minor bigint not null default 0,
    fiscal text,                             -- "fn/fd/fp" of the printed receipt
    constraint sale_has_a_known_status check (status in ('awaited', 'committed', 'late')),
    constraint sale_knows_its_till_and_journal check (status = 'awaited' or (shop_id is not null and till_id is not null and journal_id is not null)),
    constraint sale_pays_nothing_negative check (paid_minor >= 0 and burned_minor >= 0 and earned_minor >= 0)
);
create index pos_sale_fiscal on pos_sale (fiscal) where fiscal is not null;
create index pos_sale_customer on pos_sale (customer_number, at) where customer_number is not null;

create table pos_return (
    return_id uuid primary key,
    check_id uuid not null,
    body_hash bytea not null,
    shop_id bigint not null,
    till_id bigint not null,
    status text not null,
    journal_id bigint,
    at timestamptz not null,
    recorded_at timestamptz not null,
    lines jsonb not null,                    -- [[n, quantity in thousandths], …]: as resolved, or as asked while parked
    refunded_minor bigint not null default 0,
    restored_minor bigint not null default 0,
    taken_back_minor bigint not null default 0,
    owed_minor bigint not null default 0,
    balance_minor bigint not null default 0,
    customer_number bigint,
    constraint return_has_a_known_status check (status in ('parked', 'posted', 'refused')),
    constraint posted_return_has_a_journal check ((status = 'posted') = (journal_id is not null))
);
create index pos_return_check on pos_return (check_id);
create index pos_return_parked on pos_return (recorded_at) where status = 'parked';

-- What was printed and could not be what we would have said: for the franchisee's list.
create table pos_deviation (
    check_id uuid primary key references pos_sale,
    shop_id bigint not null,
    at timestamptz not null,
    kind text not null,
    expected_minor bigint not null,
    printed_minor bigint not null,
    points_short_minor bigint not null default 0
);
create index pos_deviation_shop on pos_deviation (shop_id, at);
