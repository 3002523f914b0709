-- A point is worth one of whatever money a shop takes, until another rate is told: a shop whose currency
-- had none could be opened, but no process could then say what its points are worth.
insert into ledger_rate
select points.id, money.id, '-infinity', 1, 1
  from ledger_unit points, ledger_unit money
 where points.kind = 'points' and money.kind = 'money'
on conflict do nothing;
