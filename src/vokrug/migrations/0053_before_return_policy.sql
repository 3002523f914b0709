-- What happens to points and money when goods come back, as the programme declares it: versions, never edited. A sale
-- pins the terms of its minute in its document.
create table pos_return_policy (
    version bigint generated always as identity primary key,
    body jsonb not null,
    declared_by text not null,
    declared_at timestamptz not null
);

alter table pos_return
    add column tenders jsonb not null default '[]',            -- [[card's number or 0 for money, mask, amount], …]
    add column written_off_minor bigint not null default 0,    -- earned points that were no longer there to be taken
    add column spent_minor bigint not null default 0;          -- what the shopper's standing lost
