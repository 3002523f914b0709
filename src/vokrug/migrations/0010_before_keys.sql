-- Keys of tills, partners and staff. A till changes its key by having two live ones for a while.
create table runtime_key (
    key_id text constraint a_key_has_one_id primary key,
    role text not null constraint role_is_known check (role in ('till', 'partner', 'staff')),
    shop_id bigint,
    till_id bigint,
    is_sandbox boolean not null,
    label text not null constraint label_is_one_short_line check (length(label) between 1 and 200),
    secret_sealed bytea not null,
    token_sha256 bytea,
    created_at timestamptz not null,
    not_before timestamptz not null,
    revoked_at timestamptz,
    -- The database's own time of the writing: processes look for fresh revocations by it, whatever their clocks.
    revocation_written_at timestamptz,
    constraint only_a_sandbox_key_bears_a_token check ((token_sha256 is not null) = is_sandbox),
    constraint a_till_key_names_its_shop_and_till
        check (role <> 'till' or (shop_id is not null and till_id is not null)),
    constraint a_revocation_is_dated_twice check ((revoked_at is null) = (revocation_written_at is null))
);

create index fresh_revocations on runtime_key (revocation_written_at) where revoked_at is not null;
create index keys_of_a_shop on runtime_key (shop_id, till_id);
