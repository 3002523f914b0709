-- Where a trial's standing clock stands before anybody has moved it.
alter table runtime_clock add column begun_at timestamptz not null default now();
