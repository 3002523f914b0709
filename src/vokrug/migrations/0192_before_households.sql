-- Who lives, pays or shops together: a graph of its own that makes one person of nobody. Memberships belong to the
-- customer they were stated of and are read by the person, so that merges of people and their undoing need no word here.
create table customers_household (
    number bigint generated always as identity primary key,
    id uuid not null,
    kind text not null,
    created_at timestamptz not null,
    redirect_to bigint references customers_household,  -- repeats what the open merges of households say

    constraint household_id_belongs_to_one_household unique (id),
    constraint household_kind_is_plain check (kind ~ '^[a-z][a-z0-9_.-]{0,63}$'),
    constraint household_never_redirects_to_itself check (redirect_to <> number)
);

create index households_behind_a_redirect on customers_household (redirect_to) where redirect_to is not null;

-- Every change, by the id its caller gave it. Taken back, it names the change that did so.
create table customers_household_op (
    id uuid primary key,
    kind text not null,
    household bigint not null references customers_household,
    other bigint references customers_household,
    at timestamptz not null,
    made_by text not null,
    body jsonb not null,                   -- ids only: tells a repeat from another change
    undone_at timestamptz,
    undone_by text,

    constraint household_op_is_of_a_known_kind check (kind in ('create', 'join', 'leave', 'merge', 'split')),
    constraint household_op_has_another_household_when_it_joins_or_splits
        check ((kind in ('merge', 'split')) = (other is not null)),
    constraint household_op_is_undone_by_somebody check ((undone_at is null) = (undone_by is null))
);

create index household_merges_of_one on customers_household_op (household) where kind = 'merge' and undone_at is null;
create index household_merges_of_other on customers_household_op (other) where kind = 'merge' and undone_at is null;

create table customers_household_member (
    id bigint generated always as identity primary key,
    household bigint not null references customers_household,
    customer_number bigint not null references customers_customer,
    role text not null,
    source text not null,
    strength text not null,
    since timestamptz not null,
    until timestamptz,
    op uuid not null references customers_household_op,
    ended_op uuid,                         -- or the change whose undoing ended it

    constraint household_role_is_plain check (role ~ '^[a-z][a-z0-9_.-]{0,63}$'),
    constraint household_strength_is_known check (strength in ('observed', 'claimed', 'verified')),
    constraint membership_ends_by_an_op check ((until is null) = (ended_op is null)),
    constraint membership_never_ends_before_it_began check (until >= since)
);

create unique index a_customer_is_in_a_household_once
    on customers_household_member (household, customer_number) where until is null;
create index memberships_of_a_customer on customers_household_member (customer_number);
create index memberships_begun_by on customers_household_member (op);
create index memberships_ended_by on customers_household_member (ended_op) where ended_op is not null;
