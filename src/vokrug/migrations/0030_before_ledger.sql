-- Wallets, journals, movements, lots, holds. Who reads this first should know three conventions:
--
-- 1. The low byte of a wallet's id is its unit, so a row can refuse to move one unit into another.
-- 2. A positive id is a kept wallet: it has a running balance and is locked by who moves it.
--    A negative id is a summed wallet (programme, shop, funder): no sale ever touches its row; its
--    balance is ledger_day + ledger_delta. The main wallet of customer n in unit u is n * 256 + u.
-- 3. changed_at of a kept wallet rises strictly with every change. It is the wallet's version, the
--    order of its history and the answer to "as of when".
--
-- home is the customer's number (0: nobody's). It stands in every key, so that the same tables can
-- be distributed by customer.

create table ledger_unit (
    id smallint primary key,
    code text not null unique,
    scale smallint not null,
    kind text not null,
    constraint unit_fits_the_low_byte check (id between 1 and 255),
    constraint scale_is_a_count_of_digits check (scale between 0 and 12),
    constraint unit_is_money_or_points check (kind in ('money', 'points'))
);
insert into ledger_unit values (1, 'RUB', 2, 'money'), (2, 'PTS', 2, 'points'), (3, 'GBP', 2, 'money'), (4, 'EUR', 2, 'money'), (5, 'USD', 2, 'money');

-- What one unit was worth in another, from when on. A document pins the rate it used.
create table ledger_rate (
    unit_id smallint not null references ledger_unit,
    in_unit_id smallint not null references ledger_unit,
    valid_from timestamptz not null,
    numerator bigint not null,
    denominator bigint not null,
    primary key (unit_id, in_unit_id, valid_from),
    constraint rate_is_positive check (numerator > 0 and denominator > 0)
);
insert into ledger_rate values (2, 1, '-infinity', 1, 1);

create sequence ledger_wallet_seq;
create sequence ledger_journal_seq increment 1000;

create table ledger_wallet (
    id bigint primary key,
    home bigint not null,
    code text not null,
    guard text not null default 'n',  -- n none, d debits never exceed credits, c the reverse
    has_lots boolean not null default false,
    debits bigint not null default 0,
    credits bigint not null default 0,
    debits_held bigint not null default 0,
    credits_held bigint not null default 0,
    debt bigint not null default 0,
    overdraft bigint not null default 0,
    changed_at timestamptz not null,
    closed_at timestamptz,
    closed_until timestamptz,
    closed_by bigint,
    constraint wallet_has_a_known_guard check (guard in ('n', 'd', 'c')),
    constraint wallet_counts_upwards check (debits >= 0 and credits >= 0),
    constraint wallet_holds_nothing_negative check (debits_held >= 0 and credits_held >= 0),
    constraint wallet_owes_nothing_negative check (debt >= 0 and overdraft >= 0),
    constraint wallet_never_spends_more_than_it_has check (guard <> 'd' or debits + debits_held <= credits + overdraft + debt),
    constraint wallet_never_receives_more_than_it_gave check (guard <> 'c' or credits + credits_held <= debits + overdraft + debt),
    constraint summed_wallet_keeps_no_balance check (id > 0 or (debits = 0 and credits = 0 and debits_held = 0 and credits_held = 0))
) with (fillfactor = 70);
create unique index one_wallet_per_code_home_and_unit on ledger_wallet (code, home, (id & 255));

create table ledger_journal (
    id bigint not null,
    home bigint not null,
    kind text not null,
    effective_at timestamptz not null,
    recorded_at timestamptz not null,
    document uuid,           -- the till's or partner's document it stands for
    reverses bigint,
    facts jsonb,             -- rates pinned, reason, who forced it
    primary key (id, home)
);
create unique index a_journal_is_reversed_once on ledger_journal (reverses) where reverses is not null;

create table ledger_movement (
    journal_id bigint not null,
    leg smallint not null,
    home bigint not null,
    debit bigint not null,       -- the wallet that gives
    credit bigint not null,      -- the wallet that receives
    amount bigint not null,
    recorded_at timestamptz not null,
    debit_after bigint,          -- balance of a kept wallet right after, credits less debits
    credit_after bigint,
    primary key (journal_id, leg, home),
    constraint movement_moves_something check (amount > 0),
    constraint movement_joins_two_wallets check (debit <> credit),
    constraint movement_keeps_to_one_unit check ((debit & 255) = (credit & 255)),
    constraint kept_wallet_knows_its_balance_after check ((debit > 0) = (debit_after is not null) and (credit > 0) = (credit_after is not null))
);
create unique index wallet_gives_one_thing_at_a_time on ledger_movement (debit, recorded_at) where debit > 0;
create unique index wallet_receives_one_thing_at_a_time on ledger_movement (credit, recorded_at) where credit > 0;

-- Signed legs for those who think in double entry: they sum to zero per journal and unit.
create view ledger_posting as
    select journal_id, leg, home, debit as wallet_id, amount, (debit & 255)::smallint as unit_id, recorded_at from ledger_movement
    union all
    select journal_id, leg, home, credit, -amount, (credit & 255)::smallint, recorded_at from ledger_movement;

create table ledger_lot (
    wallet_id bigint not null,
    id bigint not null,          -- journal * 256 + leg of the movement that granted it
    granted bigint not null,
    remaining bigint not null,
    held bigint not null default 0,
    is_open boolean not null,    -- remaining > 0, apart, so that a part burned needs no new index entry
    priority smallint not null default 0,
    funder bigint not null default 0,  -- the summed wallet that owes it: a liability of brand, franchisee, supplier
    earned_at timestamptz not null,
    active_from timestamptz not null,
    expires_at timestamptz not null default '9999-12-31Z',
    primary key (wallet_id, id),
    constraint lot_grants_something check (granted > 0),
    constraint lot_never_gives_more_than_it_got check (remaining between 0 and granted),
    constraint lot_never_holds_more_than_it_has check (held between 0 and remaining),
    constraint lot_is_open_while_something_remains check (is_open = (remaining > 0))
) with (fillfactor = 80);
create index ledger_lot_burn_order on ledger_lot (wallet_id, priority, expires_at, earned_at, id) where is_open;
create index ledger_lot_pending on ledger_lot (wallet_id, active_from) where is_open and active_from > earned_at;
create index ledger_lot_due on ledger_lot (expires_at) where is_open and expires_at < '9999-12-31Z';

-- Every change of a lot but its grant, which is the lot itself.
create table ledger_lot_move (
    wallet_id bigint not null,
    lot_id bigint not null,
    journal_id bigint not null,
    leg smallint not null,
    amount bigint not null,      -- negative: taken, positive: given back
    at timestamptz not null,
    primary key (wallet_id, lot_id, journal_id, leg),
    constraint lot_move_moves_something check (amount <> 0)
);
create index ledger_lot_move_journal on ledger_lot_move (journal_id);

create table ledger_hold (
    id bigint primary key,       -- the journal that opened it
    home bigint not null,
    debit bigint not null,
    credit bigint not null,
    asked bigint not null,
    amount bigint not null,
    captured bigint not null default 0,
    state text not null default 'o',   -- o open, c captured, v voided, x expired
    opened_at timestamptz not null,
    deadline timestamptz not null default '9999-12-31Z',
    resolved_at timestamptz,
    resolved_by bigint,
    lot_ids bigint[] not null default '{}',
    lot_amounts bigint[] not null default '{}',
    lot_funders bigint[] not null default '{}',
    document uuid,
    constraint hold_has_a_known_state check (state in ('o', 'c', 'v', 'x')),
    constraint hold_captures_no_more_than_it_holds check (captured between 0 and amount),
    constraint hold_is_resolved_once check ((state = 'o') = (resolved_at is null)),
    constraint hold_names_an_amount_for_each_lot check (cardinality(lot_ids) = cardinality(lot_amounts) and cardinality(lot_ids) = cardinality(lot_funders))
);
create index ledger_hold_open on ledger_hold (debit) where state = 'o';
create index ledger_hold_open_credit on ledger_hold (credit) where state = 'o' and credit > 0;
create index ledger_hold_due on ledger_hold (deadline) where state = 'o';

-- An operation's id counts once, for ever. A refusal that depended on the moment burns it too.
create table ledger_claim (
    key text primary key,
    kind text not null,
    request_hash bytea not null,
    asked bigint,                -- null: all there was
    moved bigint not null default 0,
    outcome text not null,
    journal_id bigint,
    constraint only_what_was_posted_has_a_journal check ((outcome = 'ok') = (journal_id is not null))
);

-- Summed wallets: what happened, not yet folded, and folded by day. Nothing is ever updated by a sale.
create table ledger_delta (
    wallet_id bigint not null,
    effective_day date not null,
    recorded_day date not null,
    debits bigint not null,
    credits bigint not null
);
create table ledger_day (
    wallet_id bigint not null,
    effective_day date not null,
    recorded_day date not null,
    debits bigint not null,
    credits bigint not null,
    primary key (wallet_id, effective_day, recorded_day)
) with (fillfactor = 50);

-- The journal, its movements and the lots' moves are written once. Whoever tries otherwise is refused.
create function ledger_is_written_once() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger is written once: % of % is refused', lower(tg_op), tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger journal_is_written_once before update or delete or truncate on ledger_journal execute function ledger_is_written_once();
create trigger movement_is_written_once before update or delete or truncate on ledger_movement execute function ledger_is_written_once();
create trigger lot_move_is_written_once before update or delete or truncate on ledger_lot_move execute function ledger_is_written_once();
create index ledger_wallet_closed_by on ledger_wallet (closed_by) where closed_by is not null;
