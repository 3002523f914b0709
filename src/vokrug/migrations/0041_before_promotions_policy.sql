-- How offers meet: the policy in its versions, the calendars offers may name, and shop groups made of others.

create table promotions_policy (
    version    bigint generated always as identity primary key,
    body       jsonb not null,
    created_by text not null,
    created_at timestamptz not null
);

-- A receipt names the rules it was priced by, so every wording of the policy stays.
create function promotions_keep_policy() returns trigger language plpgsql as $$
begin
    raise exception 'a policy is never edited: write the next one';
end $$;

create trigger a_policy_is_never_edited before update or delete on promotions_policy
    for each row execute function promotions_keep_policy();

create table promotions_calendar (
    key        text primary key,
    name       text not null,
    days       date[] not null,
    changed_by text not null,
    changed_at timestamptz not null,
    constraint calendar_key_is_a_short_word check (key ~ '^[a-z0-9][a-z0-9_.-]{0,63}$')
);

alter table promotions_shop_group
    add column includes text[] not null default '{}',
    add column except_shop_ids bigint[] not null default '{}';
