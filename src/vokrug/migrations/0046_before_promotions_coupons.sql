-- Coupons: pools that say what codes look like and do, the codes themselves, and who used them.

create table promotions_coupon_pool (
    number         bigint generated always as identity primary key,
    id             uuid not null,
    key            text not null,
    name           text not null,
    kind           text not null,
    offer          bigint references promotions_offer (number),
    bundle_of      bigint[] not null default '{}',
    prefix         text not null default '',
    alphabet       text not null default 'letters',
    length         smallint not null default 0,       -- of the part that cannot be guessed
    check_kind     text not null default 'none',
    uses           integer,                           -- of each code; null: any number
    is_restorable  boolean not null default false,
    needs_activation boolean not null default false,
    from_at        timestamptz,
    until_at       timestamptz,
    valid_days     integer,                           -- of a code issued by a sale
    first_serial   bigint,                            -- of a printed range
    last_serial    bigint,
    is_hashed      boolean not null,
    state          text not null default 'open',
    created_by     text not null,
    created_at     timestamptz not null,
    constraint pool_id_belongs_to_one_pool unique (id),
    constraint pool_key_is_unique unique (key),
    constraint pool_key_is_a_short_word check (key ~ '^[a-z0-9][a-z0-9_.-]{0,63}$'),
    constraint pool_kind_is_known check (kind in ('unique', 'shared', 'range', 'signed', 'bundle', 'partner')),
    constraint pool_is_for_an_offer_or_a_bundle check ((kind = 'bundle') = (offer is null) and (kind = 'bundle') = (cardinality(bundle_of) > 0)),
    constraint pool_alphabet_is_known check (alphabet in ('letters', 'digits')),
    constraint pool_check_digit_is_known check (check_kind in ('none', 'luhn', 'damm')),
    constraint range_has_both_its_ends check ((kind = 'range') = (last_serial is not null and first_serial between 0 and last_serial)),
    constraint pool_state_is_known check (state in ('open', 'void'))
);

-- One key read finds a code. Codes of a signed pool or a printed range are written here when first used.
-- State: i issued and not yet active, a active, v void; held, used and expired follow from the other columns.
create table promotions_coupon (
    code            bytea primary key,
    pool            bigint not null,
    serial          bigint not null default 0,
    uses            integer not null default 0,
    most            integer,
    over            integer not null default 0,
    state           "char" not null default 'a',
    customer_number bigint,
    origin          uuid,                             -- the sale that issued it
    until_at        timestamptz,
    constraint a_code_is_never_used_more_often_than_it_allows check (uses <= most + over),
    constraint a_code_is_never_given_back_more_often_than_used check (uses >= 0 and over >= 0),
    constraint code_state_is_known check (state in ('i', 'a', 'v'))
);
create index coupons_of_a_pool on promotions_coupon using brin (pool) with (autosummarize = on);
create index coupons_issued_by_a_sale on promotions_coupon (origin) where origin is not null;
create index coupons_of_a_customer on promotions_coupon (customer_number) where customer_number is not null;

create table promotions_coupon_use (
    check_id uuid not null,
    code     bytea not null,
    state    "char" not null,
    until_at timestamptz,
    primary key (check_id, code),
    constraint a_use_is_held_until_a_moment_or_made check ((state = 'h') = (until_at is not null) and state in ('h', 't', 'r'))
);
create index uses_of_a_code on promotions_coupon_use (code);
create index uses_that_will_lapse on promotions_coupon_use (until_at) where state = 'h';

-- The sale that gave a coupon came back after the coupon was used: somebody owes its worth. Derived, so that
-- it is the same in whatever order the return and the use were heard of.
create view promotions_coupon_debt as
select c.code, c.pool, c.customer_number, c.origin as sale_id, u.check_id as used_by
  from promotions_coupon c join promotions_coupon_use u on u.code = c.code and u.state = 't'
 where c.origin is not null and c.state = 'v';

-- A batch of codes made together. Its codes follow from its number, so that a stream cut off in the middle is
-- asked for again and gives the same codes. `skipped` are those that somebody else had already.
create table promotions_coupon_issue (
    number     bigint generated always as identity primary key,
    id         uuid not null unique,
    pool       bigint not null references promotions_coupon_pool (number),
    count      bigint not null,
    made       bigint not null default 0,
    position   bigint not null default 0,
    skipped    bigint[] not null default '{}',
    by         text not null,
    at         timestamptz not null,
    constraint an_issue_makes_no_more_than_was_asked check (made between 0 and count)
);
