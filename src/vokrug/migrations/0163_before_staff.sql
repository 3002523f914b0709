-- Who works here and as what. A member of staff is an account with roles; the name to show is sealed. What was changed,
-- by whom and why is kept for good.

create table accounts_staff (
    id uuid primary key,
    account_id uuid not null references accounts_account,
    called_sealed bytea,                      -- gone when the person was forgotten
    roles text[] not null,
    shops text[] not null default '{}',       -- these only; none named is all of them
    since timestamptz not null,
    revoked_at timestamptz,

    constraint staff_roles_are_known check (
        roles <@ array['owner', 'marketer', 'manager', 'support', 'steward', 'analyst', 'franchisee']
    ),
    constraint staff_have_a_role check (cardinality(roles) > 0),
    constraint an_owner_is_not_limited_to_shops check (not (roles @> array['owner']) or cardinality(shops) = 0),
    constraint a_franchisee_is_limited_to_shops check (not (roles @> array['franchisee']) or cardinality(shops) > 0)
);

create unique index an_account_is_one_member_of_staff on accounts_staff (account_id) where revoked_at is null;

create table accounts_staff_invitation (      -- a link that makes whoever it reaches a member of staff, once
    id uuid primary key,
    code_hash bytea not null,
    channel text not null,
    login_hash bytea not null,
    called_sealed bytea,                      -- gone when the invitation is over
    login_sealed bytea,
    roles text[] not null,
    shops text[] not null default '{}',
    invited_by text not null,
    invited_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    staff_id uuid references accounts_staff,
    withdrawn_at timestamptz,

    constraint invitation_code_opens_one_invitation unique (code_hash),
    constraint invitation_goes_to_a_phone_or_a_mailbox check (channel in ('sms', 'email')),
    constraint invitation_is_used_by_a_member_of_staff check ((used_at is null) = (staff_id is null)),
    constraint invitation_is_used_or_withdrawn check (used_at is null or withdrawn_at is null)
);

create index staff_invitations_by_time on accounts_staff_invitation (invited_at);

create table accounts_staff_change (          -- only ever added to
    id uuid primary key,                      -- the asker's own, so that a repeat changes nothing
    subject_id uuid not null,                 -- the member of staff, or the invitation
    at timestamptz not null,
    by text not null,                         -- a member of staff, a key, or the command line
    what text not null,
    roles text[] not null default '{}',       -- as they are from then on
    shops text[] not null default '{}',
    why text not null default '',

    constraint staff_change_is_known check (
        what in ('invited', 'withdrawn', 'joined', 'roles_changed', 'second_forgotten', 'revoked')
    )
);

create index changes_of_a_member_of_staff on accounts_staff_change (subject_id, at);
create index staff_changes_by_time on accounts_staff_change (at);
