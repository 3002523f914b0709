-- Who is one person with whom. A merge is an edge between two customers that can be ended; nothing else is rewritten,
-- so that taking it apart gives back exactly what was: `state` and `redirect_to` only repeat what the open edges say.

alter table customers_identity_op drop constraint identity_op_is_of_a_known_kind;
alter table customers_identity_op add constraint identity_op_is_of_a_known_kind
    check (kind in ('register', 'attach', 'detach', 'state', 'erase', 'merge', 'unmerge', 'keep_apart', 'let_join'));

create table customers_merge (
    id bigint generated always as identity primary key,
    one bigint not null references customers_customer,
    other bigint not null references customers_customer,
    rule text not null,    -- who said so: a person's hand, or the name of a rule
    made_at timestamptz not null,
    op bigint not null references customers_identity_op,
    ended_at timestamptz,
    ended_op bigint references customers_identity_op,

    constraint merge_names_the_older_customer_first check (one < other),
    constraint merge_ends_by_an_op check ((ended_at is null) = (ended_op is null))
);

create unique index two_customers_are_merged_once on customers_merge (one, other) where ended_at is null;
create index merges_of_the_other on customers_merge (other) where ended_at is null;
create index merges_by_rule on customers_merge (rule, made_at) where ended_at is null;

create table customers_apart (
    id bigint generated always as identity primary key,
    one bigint not null references customers_customer,
    other bigint not null references customers_customer,
    reason text not null,
    op bigint not null references customers_identity_op,
    ended_op bigint references customers_identity_op,

    constraint apart_names_the_older_customer_first check (one < other)
);

create unique index two_customers_are_kept_apart_once on customers_apart (one, other) where ended_op is null;
create index apart_from_the_other on customers_apart (other) where ended_op is null;

create index customers_behind_a_redirect on customers_customer (redirect_to) where redirect_to is not null;
