-- How far the sample chain has been made, so that an interrupted start goes on where it stopped.
-- No row: this database has no sample.
create table app_sample (
    only_row boolean primary key default true check (only_row),
    began_on date not null,                  -- the first day of its history, from which all of it follows
    days int not null,
    shoppers int not null,
    sales_a_day int not null,
    made_until timestamptz not null,
    is_ready boolean not null default false
);
