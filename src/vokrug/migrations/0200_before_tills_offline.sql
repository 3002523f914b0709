-- What tills take along for when they are without a line, and what they tell afterwards.

-- Each state of the offers and goods that tills may take, once. `rules` is what such a till prices by (JSON, compressed):
-- a sale that names the version is judged by it, long after the offers have changed.
create table pos_bundle (
    version bigint primary key,
    reference_version bigint not null,
    offers_counter bigint not null,
    made_at timestamptz not null,
    rules bytea not null
);

-- The parts of the newest bundle, each with the version that changed it: what a till lacks is what is newer than its own.
create table pos_bundle_part (
    kind text not null,
    key text not null,
    digest bytea not null,
    body text not null,
    version bigint not null,
    is_gone boolean not null default false,
    primary key (kind, key),
    constraint part_is_an_offer_or_an_article check (kind in ('offer', 'article'))
);
create index pos_bundle_part_version on pos_bundle_part (version);

-- Documents of a till's queue by its own count. What became of the refused ones somebody has to look at.
create table pos_replayed (
    till_id bigint not null references pos_till,
    seq bigint not null,
    document uuid not null,
    kind text not null,
    digest bytea not null,                   -- of the document as sent
    prev bytea,                              -- the chain up to the document before, as the till says
    chain bytea not null,                    -- the chain up to this one
    status text not null,
    code text,
    at timestamptz not null,
    recorded_at timestamptz not null,
    primary key (till_id, seq),
    constraint replayed_counts_from_one check (seq > 0),
    constraint replayed_has_a_known_status check (status in ('posted', 'late', 'parked', 'cancelled', 'refused'))
);
create index pos_replayed_refused on pos_replayed (recorded_at) where status = 'refused';

-- How far each till's count is whole.
create table pos_replay_mark (
    till_id bigint primary key references pos_till,
    upto bigint not null default 0,          -- every number up to this one has come
    highest bigint not null default 0,
    constraint a_count_is_not_whole_beyond_its_end check (upto <= highest)
);

-- Points that tills without a line took on the word of an identification.
create table pos_allowance (
    pass bytea primary key,
    customer_number bigint not null,
    allowed_minor bigint not null,
    used_minor bigint not null,
    until timestamptz not null
);
create index pos_allowance_until on pos_allowance (until);
