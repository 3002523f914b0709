-- How offers meet, as the chain declares it: versions, the newest in force. Without one the usual policy holds.
create table promotions_policy (
    version bigint generated always as identity primary key,
    body jsonb not null,
    declared_by text not null,
    declared_at timestamptz not null
);
