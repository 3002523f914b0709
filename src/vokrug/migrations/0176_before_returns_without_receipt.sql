-- What goods were sold for at the least, day by day, chain-wide: what they are taken back at when nobody has the
-- receipt. Kept by a reaction; days beyond any policy are swept.
create table pos_low_price (
    sku text not null,
    currency text not null,
    day date not null,
    price_minor bigint not null,             -- of a piece or a kilogram, after discounts, points not taken off
    constraint one_low_price_a_day primary key (sku, currency, day),
    constraint a_low_price_is_a_price check (price_minor > 0)
);
create index pos_low_price_age on pos_low_price (day);

alter table pos_return
    add column by_whom text,                 -- the supervisor who let goods come back without a receipt
    add column reason text;
