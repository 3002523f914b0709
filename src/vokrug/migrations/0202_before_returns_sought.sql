-- Returns that know their sale by the sign of its receipt alone, while no sale bears it. They are parked under an id made
-- of the sign until one does.
create table pos_return_sought (
    return_id uuid primary key references pos_return,
    fiscal text not null,
    since timestamptz not null
);
create index pos_return_sought_fiscal on pos_return_sought (fiscal);
