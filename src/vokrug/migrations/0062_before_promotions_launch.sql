-- What was said of an offer when it was checked and published stays beside the step.
alter table promotions_audit add column findings jsonb not null default '[]';

-- Offers tried on past receipts: asked for, reckoned by a job, answered from here.
create table promotions_backtest (
    id           uuid primary key,
    asked        jsonb not null,
    asked_by     text not null,
    state        text not null default 'waiting',
    receipts     bigint not null default 0,     -- looked at so far
    of_receipts  bigint,                        -- null until they have been counted
    result       jsonb,
    reason       text,
    created_at   timestamptz not null,
    started_at   timestamptz,
    ended_at     timestamptz,
    constraint backtest_state_is_known check (state in ('waiting', 'running', 'done', 'cancelled', 'failed')),
    constraint a_backtest_is_done_with_its_result check ((state = 'done') = (result is not null)),
    constraint a_backtest_that_failed_says_why check ((state = 'failed') = (reason is not null))
);

-- Sales are written in the order of time, so a few kilobytes find the receipts of a period.
create index pos_sale_age on pos_sale using brin (at) with (autosummarize = on);
