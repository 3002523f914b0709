-- An op that ends every edge of a person whose keys are destroyed.
alter table customers_identity_op drop constraint identity_op_is_of_a_known_kind;
alter table customers_identity_op
    add constraint identity_op_is_of_a_known_kind check (kind in ('register', 'attach', 'detach', 'state', 'erase'));
