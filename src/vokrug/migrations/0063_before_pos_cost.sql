-- What an article costs the chain, for margins. Null: nobody said.
alter table pos_article add column cost_minor bigint;
alter table pos_article add constraint article_costs_nothing_negative check (cost_minor >= 0);
