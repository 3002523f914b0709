create table runtime_schedule (
    name text constraint a_schedule_has_one_name primary key,
    cron text not null,
    zone text not null,
    task text not null,
    args jsonb not null default '{}'
        constraint a_schedule_passes_named_arguments check (jsonb_typeof(args) = 'object'),
    is_enabled boolean not null default true,
    next_due timestamptz not null,
    last_due timestamptz,
    last_run_at timestamptz,
    constraint a_schedule_looks_ahead check (last_due is null or next_due > last_due)
);

create index schedules_by_next_due on runtime_schedule (next_due) where is_enabled;

-- What makes a tick happen once, however many processes look at the clock.
create table runtime_schedule_tick (
    schedule text not null
        constraint a_tick_belongs_to_a_schedule references runtime_schedule (name) on delete cascade,
    due_at timestamptz not null,
    job_id bigint not null,
    constraint a_schedule_ticks_once_at_a_time primary key (schedule, due_at)
);
