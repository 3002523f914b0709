-- Which offers a shop's labels were drawn by, so that others are drawn again only where one of those that came or went
-- has a say. From here on `mark` speaks of everything else that every label hangs on.
alter table pos_price_tag_head add column drawn_by text[] not null default '{}';
