-- Goods that shops and the centre know by different codes.

-- What exchange files tell of an article beside what a price is made from.
alter table pos_article
    add column article text,                              -- the maker's or the chain's own article number
    add column unit text,
    add column vat text,
    add column is_withdrawn boolean not null default false, -- no longer on sale; what was sold stays sold
    add column name_keys text[];                           -- beginnings of its words, to find alike names by; null: not made yet
create index pos_article_name_keys on pos_article using gin (name_keys);
create index pos_article_article on pos_article (upper(article)) where article is not null;

-- What a shop calls an article of the centre.
create table pos_goods_alias (
    shop_id bigint not null references pos_shop,
    kind text not null,
    code text not null,
    article_id bigint not null references pos_article,
    name text not null default '',           -- as the shop calls it
    source text not null,
    made_by text not null,
    made_at timestamptz not null,
    primary key (shop_id, kind, code),
    constraint alias_is_a_code_or_a_barcode check (kind in ('code', 'barcode')),
    constraint alias_comes_from_a_file_a_proposal_or_a_hand check (source in ('file', 'proposal', 'hand'))
);
create index pos_goods_alias_article on pos_goods_alias (article_id);

-- Goods that shops sell, or told of, and that the centre does not know. Written by the second, not by the sale.
create table pos_goods_unknown (
    shop_id bigint not null references pos_shop,
    sku text not null,
    barcode text not null default '',        -- the last one it came with
    is_many boolean not null default false,  -- one code, several barcodes: only a barcode says what it is
    name text not null default '',
    price_minor bigint,
    times bigint not null,                   -- checks it was on
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    mapped_at timestamptz,                   -- since then it is known
    sought_at timestamptz,                   -- when proposals were last looked for
    primary key (shop_id, sku),
    constraint unknown_was_met_no_less_than_never check (times >= 0)
);
create index pos_goods_unknown_often on pos_goods_unknown (times desc, shop_id, sku) where mapped_at is null;
create index pos_goods_unknown_unsought on pos_goods_unknown (sought_at nulls first) where mapped_at is null;
create index pos_goods_unknown_barcode on pos_goods_unknown (barcode) where mapped_at is null and barcode <> '';
create index pos_goods_unknown_sku on pos_goods_unknown (sku) where mapped_at is null;

-- What an unknown thing may be. A rejected pair is not proposed again.
create table pos_goods_proposal (
    id uuid primary key,
    shop_id bigint not null references pos_shop,
    kind text not null,
    code text not null,
    name text not null,
    article_id bigint not null references pos_article,
    score_bp integer not null,
    reason text not null,
    words text not null default '',          -- which words agree and which do not
    state text not null default 'open',
    proposed_at timestamptz not null,
    decided_by text,
    decided_at timestamptz,
    constraint one_proposal_for_a_pair unique (shop_id, kind, code, article_id),
    constraint proposed_alias_is_a_code_or_a_barcode check (kind in ('code', 'barcode')),
    constraint proposal_is_likely_by_basis_points check (score_bp between 0 and 10000),
    constraint goods_proposal_has_a_known_reason check (reason in ('barcode', 'article', 'name')),
    constraint goods_proposal_has_a_known_state check (state in ('open', 'accepted', 'rejected', 'overtaken')),
    constraint open_goods_proposal_is_decided_by_nobody check ((state = 'open') = (decided_by is null))
);
create index pos_goods_proposal_likely on pos_goods_proposal (state, score_bp desc, id);
create index pos_goods_proposal_article on pos_goods_proposal (article_id);
