-- How far a trial has moved its clock, so that a server killed and started again wakes at the same moment.
create table runtime_clock (
    only_row boolean primary key default true check (only_row),
    shift_s bigint not null default 0,
    constraint time_does_not_run_backwards check (shift_s >= 0)
);
insert into runtime_clock default values;
