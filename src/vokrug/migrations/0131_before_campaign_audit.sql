-- Who did what with a campaign, and when.
create table promotions_campaign_audit (
    number bigint generated always as identity primary key,
    campaign bigint not null references promotions_campaign (number),
    action text not null,
    by text not null,
    at timestamptz not null,
    detail jsonb not null default '{}',

    constraint campaign_action_is_known
        check (action in ('created', 'budgeted', 'joined', 'running', 'paused', 'ended'))
);

create index audit_of_a_campaign on promotions_campaign_audit (campaign, number);
