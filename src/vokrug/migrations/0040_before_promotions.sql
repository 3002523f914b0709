-- Offers, their versions, and the one number that says the published set has changed.

create table promotions_offer (
    id         uuid primary key,
    number     bigint generated always as identity,
    key        text not null,
    name       text not null,
    kind       text not null,
    owner      text not null,
    created_at timestamptz not null,
    constraint offer_number_is_unique unique (number),
    constraint offer_key_is_unique unique (key),
    constraint offer_key_is_a_short_word check (key ~ '^[a-z0-9][a-z0-9_.-]{0,63}$'),
    constraint offer_has_a_name check (length(trim(name)) between 1 and 200)
);

create table promotions_offer_version (
    offer_id   uuid not null references promotions_offer (id),
    version    integer not null,
    body       jsonb not null,
    state      text not null,
    created_by text not null,
    created_at timestamptz not null,
    state_at   timestamptz not null,
    primary key (offer_id, version),
    constraint version_counts_from_one check (version >= 1),
    constraint version_state_is_known
        check (state in ('draft', 'checked', 'published', 'paused', 'ended'))
);

create unique index one_version_of_an_offer_is_live on promotions_offer_version (offer_id)
 where state in ('published', 'paused');

create index published_versions on promotions_offer_version (offer_id) where state = 'published';

-- What was sold under a version must stay computable: only its state may move.
create function promotions_keep_version() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE'
       or (new.offer_id, new.version, new.body, new.created_by, new.created_at)
          is distinct from (old.offer_id, old.version, old.body, old.created_by, old.created_at) then
        raise exception 'a version of an offer is never edited: write a new one';
    end if;
    return new;
end $$;

create trigger a_version_is_never_edited before update or delete on promotions_offer_version
    for each row execute function promotions_keep_version();

create table promotions_audit (
    number   bigint generated always as identity primary key,
    offer_id uuid not null references promotions_offer (id),
    version  integer not null,
    action   text not null,
    by       text not null,
    at       timestamptz not null
);

create index audit_of_an_offer on promotions_audit (offer_id, number);

create table promotions_shop_group (
    key        text primary key,
    name       text not null,
    shop_ids   bigint[] not null,
    changed_by text not null,
    changed_at timestamptz not null
);

create table promotions_counter (
    is_only boolean primary key default true,
    value   bigint not null,
    constraint there_is_one_counter check (is_only)
);

insert into promotions_counter (value) values (1);
