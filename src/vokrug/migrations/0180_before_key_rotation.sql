-- A key may end by itself, sleep, and be followed by another that its holder fetches with it.
alter table runtime_key
    add column ends_at timestamptz,
    add column is_asleep boolean not null default false,
    add column succeeds text references runtime_key,
    add column first_used_at timestamptz,
    add column ends_old_at_first_use boolean not null default false,
    -- The database's own time of a change that is no revocation: processes read such a key again.
    add column change_written_at timestamptz,
    add constraint only_a_successor_is_first_used check (first_used_at is null or succeeds is not null),
    add constraint only_a_successor_ends_its_predecessor check (not ends_old_at_first_use or succeeds is not null);

create unique index one_successor_waits on runtime_key (succeeds) where first_used_at is null and revoked_at is null;
create index successors_of_a_key on runtime_key (succeeds) where succeeds is not null;
create index fresh_changes_of_keys on runtime_key (change_written_at) where change_written_at is not null;
