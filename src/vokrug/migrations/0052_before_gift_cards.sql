-- Gift cards. A batch is printed, a card is sold by the line of a check and lives from its commit on. Its money is a
-- kept wallet of its own: the sum of these wallets is what is owed to the holders of cards.

create table ledger_gift_batch (
    id uuid primary key,
    name text not null,
    unit_id smallint not null references ledger_unit,
    prefix text not null,
    digits smallint not null,
    count int not null,
    has_pin boolean not null,
    valid_days int,                -- from activation, to the end of the shop's day; null: for ever
    nominal_minor bigint,          -- null: any amount
    is_reloadable boolean not null,
    issued_by text not null,
    issued_at timestamptz not null,
    constraint batch_prints_something check (count > 0),
    constraint nominal_is_worth_something check (nominal_minor > 0)
);

create table ledger_gift_card (
    -- The wallet of card n in unit u is n * 256 + u, like a customer's; numbers of cards begin far above those.
    number bigint generated always as identity (start with 4398046511104) primary key,
    batch_id uuid not null references ledger_gift_batch,
    lookup bytea not null,         -- HMAC-SHA-256 of the printed number under the installation's key
    mask text not null,            -- its last four digits
    pin bytea,                     -- HMAC-SHA-256 of number and PIN under another key
    pin_tries smallint not null default 0,
    activated_at timestamptz,
    expires_at timestamptz not null default '9999-12-31Z',
    loaded_minor bigint not null default 0,  -- sold and topped up, less purchases returned; less is left once it has paid
    blocked_at timestamptz,
    blocked_why text not null default '',
    constraint card_number_is_printed_once unique (lookup),
    constraint card_lapses_only_once_it_lives check (activated_at is not null or expires_at = '9999-12-31Z')
);
create index gift_cards_of_a_batch on ledger_gift_card (batch_id);
create index gift_cards_due on ledger_gift_card (expires_at) where expires_at < '9999-12-31Z';
