-- A card, or any identifier, can be shut by itself while its customer goes on: `blocked` identifies nobody at a till,
-- `not_activated` earns and does not burn.
alter table customers_identifier
    add column state text not null default 'active',
    add constraint identifier_has_a_known_state check (state in ('active', 'not_activated', 'blocked'));

alter table customers_identity_op drop constraint identity_op_is_of_a_known_kind;
alter table customers_identity_op
    add constraint identity_op_is_of_a_known_kind check (kind in ('register', 'attach', 'detach', 'state'));

-- As before, but that an identifier's own state stands before its customer's.
create or replace function customers_resolve(type_ids smallint[], hashes bytea[])
returns table (ord bigint, number bigint, id uuid, state text, language text, called_cipher bytea, wrapped bytea)
language sql stable parallel safe
begin atomic
    select asked.ord, key.customer_number,
           coalesce(survivor.id, owner.id),
           case found.state when 'active' then coalesce(survivor.state, owner.state) else found.state end,
           coalesce(survivor.language, owner.language), coalesce(survivor.called_cipher, owner.called_cipher),
           key.wrapped
      from unnest(type_ids, hashes) with ordinality as asked (type_id, hash, ord)
      join customers_identifier found on found.type_id = asked.type_id and found.hash = asked.hash
      join customers_customer owner on owner.number = found.customer_number
      left join customers_customer survivor on survivor.number = owner.redirect_to
      join customers_key key on key.customer_number = coalesce(owner.redirect_to, owner.number);
end;
