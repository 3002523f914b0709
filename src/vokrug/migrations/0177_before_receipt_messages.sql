-- What the programme wants printed and shown beside prices: versions, never edited, so that a repeated call says what
-- it said.
create table pos_receipt_messages (
    version bigint generated always as identity primary key,
    body jsonb not null,
    declared_by text not null,
    declared_at timestamptz not null
);
