-- Wallets of customers who are one person by now. Merging people moves nothing: staff are asked, and what was joined can
-- be parted again.
create table ledger_join (
    id uuid primary key,
    giver bigint not null,                 -- wallets; they need not be on disk
    taker bigint not null,
    giver_id uuid not null,                -- customers
    taker_id uuid not null,
    state text not null default 'proposed',
    moved bigint not null default 0,
    given_back bigint not null default 0,
    journals bigint[] not null default '{}',
    proposed_at timestamptz not null,
    joined_at timestamptz,
    joined_by text,
    ended_at timestamptz,
    ended_by text,

    constraint join_is_of_two_wallets check (giver <> taker),
    constraint join_keeps_to_one_unit check ((giver & 255) = (taker & 255)),
    constraint join_has_a_known_state check
        (state in ('proposed', 'joined', 'reversal_proposed', 'reversed', 'declined', 'withdrawn')),
    constraint join_gives_back_no_more_than_it_moved check (given_back between 0 and moved)
);

create unique index a_join_is_proposed_once on ledger_join (giver) where state = 'proposed';
create index joins_by_state on ledger_join (state, id);
create index joins_of_a_giver on ledger_join (giver_id);
create index joins_of_a_taker on ledger_join (taker_id);
