-- Files of goods, and what each said of each thing.

create table pos_goods_import (
    id uuid primary key,
    shop_id bigint not null,                 -- 0: the central catalogue
    name text not null,
    file_hash bytea not null,
    state text not null default 'running',
    done bigint not null default 0,          -- elements of the file that are taken: where the next run goes on
    counts jsonb not null default '{}',
    report jsonb,
    started_at timestamptz not null,
    ended_at timestamptz,
    made_by text not null,
    constraint goods_import_has_a_known_state check (state in ('running', 'done', 'broken')),
    constraint ended_goods_import_has_its_report check ((state = 'running') = (report is null))
);
create index pos_goods_import_latest on pos_goods_import (started_at desc, id);
create index pos_goods_import_running on pos_goods_import (file_hash, shop_id) where state = 'running';

-- What files said of a thing: catalogues and offers apart, so that their order makes no difference.
create table pos_goods_card (
    shop_id bigint not null,                 -- 0: the central catalogue
    code text not null,                      -- goods, or goods#characteristic
    parent text,                             -- of a characteristic: its goods
    catalogue_id text not null default '',
    catalogue jsonb,
    offer jsonb,
    groups text[] not null default '{}',
    changed_at timestamptz not null,
    primary key (shop_id, code),
    constraint card_says_something check (catalogue is not null or offer is not null)
);
create index pos_goods_card_parent on pos_goods_card (shop_id, parent) where parent is not null;
create index pos_goods_card_groups on pos_goods_card using gin (groups) where shop_id = 0;
create index pos_goods_card_catalogue on pos_goods_card (shop_id, catalogue_id);
