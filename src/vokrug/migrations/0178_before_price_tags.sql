-- What stands on the shelf in each shop, and what its label says: the price for everybody, for members, the points.
create table pos_shelf_price (
    shop_id bigint not null references pos_shop,
    sku text not null,
    price_minor bigint not null,             -- of a piece or a kilogram
    constraint one_shelf_price_in_a_shop primary key (shop_id, sku),
    constraint a_shelf_price_is_a_price check (price_minor > 0)
);

-- One row a label, with the place of its last change in the shop's order. A label that is to go stays as a gap.
create table pos_price_tag (
    shop_id bigint not null references pos_shop,
    sku text not null,
    place bigint not null,
    price_minor bigint,                      -- null: there is no such label any more
    now_minor bigint,
    member_minor bigint,
    points_minor bigint,
    promos text[] not null default '{}',
    constraint one_tag_in_a_shop primary key (shop_id, sku),
    constraint a_tag_says_all_or_nothing check ((price_minor is null) = (now_minor is null) and (price_minor is null) = (member_minor is null))
) with (fillfactor = 80);
create unique index tags_in_order on pos_price_tag (shop_id, place);

-- Places are given under the lock of the shop's head, so that none ever appears below what was read. `mark` says by
-- which offers the labels were drawn last.
create table pos_price_tag_head (
    shop_id bigint primary key references pos_shop,
    place bigint not null default 0,
    mark text not null default ''
);
