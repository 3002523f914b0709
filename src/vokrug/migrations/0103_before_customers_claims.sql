-- An op that ends one customer's edges to an identifier because another has proven it.
alter table customers_identity_op drop constraint identity_op_is_of_a_known_kind;
alter table customers_identity_op add constraint identity_op_is_of_a_known_kind check (kind in
    ('register', 'attach', 'detach', 'state', 'erase', 'merge', 'unmerge', 'keep_apart', 'let_join', 'claim'));
