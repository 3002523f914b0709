-- The newest deviations of the whole chain, for whoever looks at them.
create index pos_deviation_newest on pos_deviation (at);
