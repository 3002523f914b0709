-- Merges that somebody, or a matching, proposes and somebody else decides. A decided pair is not proposed again.

create table customers_proposal (
    id uuid primary key,
    one bigint not null references customers_customer,
    other bigint not null references customers_customer,
    proposed_by text not null,
    proposed_at timestamptz not null,
    rule text not null,
    probability double precision,          -- of a matching; nobody knows it of a person's word
    reasons jsonb not null default '{}',
    state text not null default 'open',
    decided_by text,
    decided_at timestamptz,
    merge_id bigint references customers_merge,

    constraint proposal_names_the_older_customer_first check (one < other),
    constraint proposal_is_open_accepted_rejected_or_undone check (state in ('open', 'accepted', 'rejected', 'undone')),
    constraint proposal_is_decided_by_somebody check ((state = 'open') = (decided_by is null)),
    constraint proposal_is_never_decided_by_who_made_it check (decided_by <> proposed_by),
    constraint accepted_proposal_has_its_merge check (state not in ('accepted', 'undone') or merge_id is not null)
);

create unique index two_customers_are_proposed_once on customers_proposal (one, other) where state = 'open';
create index proposals_by_likeliness on customers_proposal (state, probability desc nulls first, id);
create index proposals_of_the_other on customers_proposal (other);
