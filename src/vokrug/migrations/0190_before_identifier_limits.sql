-- How many new identifiers of a type a customer may gain in so many days; from how many people on a value is nobody's
-- own; who keeps one that two want. Zero stands for no limit.
alter table customers_identifier_type
    add column max_new smallint not null default 0,
    add column new_days smallint not null default 30,
    add column crowd smallint not null default 0,
    add column crowd_days smallint not null default 7,
    add column ladder text[] not null default
        '{account_by_this,proven_this,account_by_any,holds_value,proven_any,latest_word}',
    add constraint identifier_type_limits_are_not_negative
        check (max_new >= 0 and new_days >= 1 and crowd >= 0 and crowd_days >= 1);

update customers_identifier_type set crowd = 10 where code in ('phone', 'email');

-- Set aside, an identifier leads to nobody, whatever its edges say; they stay as they are.
alter table customers_identifier add column is_aside boolean not null default false;

alter table customers_identity_op drop constraint identity_op_is_of_a_known_kind;
alter table customers_identity_op add constraint identity_op_is_of_a_known_kind check (kind in
    ('register', 'attach', 'detach', 'state', 'erase', 'merge', 'unmerge', 'keep_apart', 'let_join', 'claim',
     'settle', 'unsettle'));

-- Found by what ended or began with an op, to be taken back exactly.
create index assertions_of_an_identifier on customers_assertion (identifier_id, valid_from);
create index registrations_met_again on customers_registration (customer_number, at) where not created;

create table customers_quarantine (
    id uuid primary key,
    identifier_id bigint not null references customers_identifier on delete cascade,
    reason text not null,                  -- 'crowd', or the words of whoever set it aside by hand
    people integer not null,               -- how many had come by it
    opened_by text not null,
    opened_at timestamptz not null,
    state text not null default 'open',
    wish text,                             -- what somebody proposes and somebody else decides
    wished_by text,
    decided_by text,
    decided_at timestamptz,

    constraint quarantine_is_open_released_or_blocked check (state in ('open', 'released', 'blocked')),
    constraint quarantine_wish_is_to_release_or_to_block check (wish in ('release', 'block')),
    constraint quarantine_wish_is_somebodys check ((wish is null) = (wished_by is null)),
    constraint quarantine_is_never_decided_by_who_wished check (decided_by is null or wished_by is null or decided_by <> wished_by)
);

create unique index an_identifier_is_set_aside_once on customers_quarantine (identifier_id) where state <> 'released';
create index quarantines_by_state on customers_quarantine (state, id);
create index quarantines_of_an_identifier on customers_quarantine (identifier_id);

create table customers_contest (
    id uuid primary key,
    identifier_id bigint not null references customers_identifier on delete cascade,
    holder bigint not null references customers_customer,
    claimant bigint not null references customers_customer,
    source text not null,
    strength text not null,
    cipher bytea not null,                 -- the value, under the claimant's own key: it leads to them if they win
    opened_at timestamptz not null,
    due_at timestamptz not null,
    state text not null default 'open',
    decided_by text,
    decided_at timestamptz,
    op bigint references customers_identity_op,

    constraint contest_is_between_two check (holder <> claimant),
    constraint contest_is_open_kept_or_moved check (state in ('open', 'kept', 'moved')),
    constraint contest_is_decided_by_somebody check ((state = 'open') = (decided_by is null)),
    constraint moved_contest_has_its_op check ((state = 'moved') = (op is not null))
);

create unique index an_identifier_is_contested_once_by_a_person
    on customers_contest (identifier_id, claimant) where state = 'open';
create index contests_by_due on customers_contest (state, due_at, id);
create index contests_of_an_identifier on customers_contest (identifier_id, opened_at);
create index contests_of_a_claimant on customers_contest (claimant);
create index contests_of_a_holder on customers_contest (holder);
