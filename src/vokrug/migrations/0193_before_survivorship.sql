-- Which of several values of an attribute a person has: by a rule of its type, over everything that was observed.
alter table customers_attribute_type
    add column survives text not null default 'newest',
    add column trust text[] not null default '{}',     -- sources, the most trusted first
    add column fresh_days integer,                     -- older observations count no more
    add constraint survivorship_rule_is_known check (survives in
        ('newest', 'oldest', 'most_trusted_source', 'most_frequent', 'longest', 'max', 'min', 'union')),
    add constraint freshness_is_a_day_at_least check (fresh_days >= 1);

-- What each source said, each value once with its first and last moment, so that a change of the rule can look again.
-- `customers_attribute` is what the rule makes of it, on the survivor of each person.
create table customers_observation (
    customer_number bigint not null references customers_customer,
    code text not null references customers_attribute_type,
    source text not null,
    value jsonb not null,
    value_hash bytea not null,
    first_at timestamptz not null,
    last_at timestamptz not null,
    provenance jsonb not null default '{}',

    primary key (customer_number, code, source, value_hash),
    constraint observation_never_ends_before_it_began check (last_at >= first_at)
);

create index observations_of_an_attribute on customers_observation (code, customer_number);

insert into customers_observation (customer_number, code, source, value, value_hash, first_at, last_at, provenance)
select customer_number, code, source, value, decode(md5(value::text), 'hex'), observed_at, observed_at, provenance
  from customers_attribute;

-- When something that counts grows too old, and the rule has to look again.
alter table customers_attribute add column stale_at timestamptz;
create index attributes_going_stale on customers_attribute (stale_at) where stale_at is not null;

-- Who took many customers' data out at once, and which.
create table customers_bulk_read (
    id bigint generated always as identity primary key,
    reader text not null,
    at timestamptz not null,
    purpose text not null,
    fields text[] not null
);
