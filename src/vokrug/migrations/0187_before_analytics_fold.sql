-- Rows of old hours are folded, one for a shop and hour; slot -1 is the folded one.
create index analytics_hours_to_fold on analytics_hour (hour) where slot >= 0;
