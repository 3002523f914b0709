-- What looks like fraud: rules over counts of what happened lately, and cases for somebody to look at.

create table pos_fraud_rule (
    code text primary key,
    name_ru text not null,
    name_en text not null,
    terms jsonb not null,                    -- what is counted, and how much of it is too much
    score integer not null,
    holds boolean not null default false,    -- the points of the document are set aside until somebody has looked
    is_on boolean not null default true,
    changed_by text not null,
    changed_at timestamptz not null,
    constraint fraud_rule_code_is_a_short_word check (code ~ '^[a-z0-9][a-z0-9_.-]{0,63}$'),
    constraint fraud_rule_scores_something check (score between 1 and 1000)
);

-- Counts by ten minutes, kept as long as the longest window. A slot is a partition of the log: readers of two never wait
-- for each other.
create table pos_fraud_count (
    subject text not null,                   -- what it is counted for, such as `till:S1/T1`
    measure text not null,
    bucket timestamptz not null,
    slot smallint not null,
    amount bigint not null,
    primary key (subject, measure, bucket, slot)
) with (fillfactor = 80);
create index pos_fraud_count_bucket on pos_fraud_count using brin (bucket);

-- Where a customer was seen last, so that two places at once are noticed.
create table pos_fraud_seen (
    customer_number bigint primary key,
    shop text not null,
    at timestamptz not null
) with (fillfactor = 80);

create table pos_suspicion (
    id uuid primary key,
    rule text not null,
    subject text not null,
    shop text not null,
    customer_number bigint,
    customer_id uuid,
    score integer not null,
    times integer not null default 1,
    measured bigint not null,
    most bigint not null,
    documents uuid[] not null,
    first_at timestamptz not null,
    last_at timestamptz not null,
    raised_at timestamptz not null,
    state text not null default 'open',
    held_minor bigint not null default 0,
    hold_ids bigint[] not null default '{}',
    decided_by text,
    decided_at timestamptz,
    note text not null default '',
    constraint suspicion_has_a_known_state check (state in ('open', 'cleared', 'confirmed')),
    constraint a_decided_suspicion_names_who_decided check ((state = 'open') = (decided_by is null))
);
create unique index one_open_suspicion_of_a_rule_and_subject on pos_suspicion (rule, subject) where state = 'open';
create index suspicions_by_state on pos_suspicion (state, raised_at);

-- What a chain begins with: scored only. Nothing is set aside until somebody says so.
insert into pos_fraud_rule (code, name_ru, name_en, terms, score, changed_by, changed_at)
select code, name_ru, name_en, terms::jsonb, score, 'vokrug', 'epoch'
  from (values
    ('two_shops', 'Одна карта в двух магазинах', 'One card in two shops',
     '{"kind": "two_shops", "minutes": 10}', 60),
    ('burns_at_till', 'Много списаний на одной кассе', 'Many burns at one till',
     '{"kind": "too_much", "subject": "till", "measure": "burns", "minutes": 60, "most": 60}', 40),
    ('card_of_cashier', 'Одна карта у одного кассира', 'One card with one cashier',
     '{"kind": "too_much", "subject": "customer_by_cashier", "measure": "sales", "minutes": 720, "most": 5}', 80),
    ('card_all_day', 'Слишком много покупок по одной карте', 'Too many sales on one card',
     '{"kind": "too_much", "subject": "customer", "measure": "sales", "minutes": 1440, "most": 15}', 50),
    ('returns_at_till', 'Много возвратов на одной кассе', 'Many returns at one till',
     '{"kind": "too_much", "subject": "till", "measure": "returns", "minutes": 60, "most": 15}', 40),
    ('returns_after_close', 'Возвраты после закрытия', 'Returns after close',
     '{"kind": "after_close", "since": "23:30", "until": "06:00"}', 30)
  ) usual (code, name_ru, name_en, terms, score);
