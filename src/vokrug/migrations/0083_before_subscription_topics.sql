-- The end of a topic says how far its subscription is, so a topic is one subscription's for ever.
create unique index a_topic_belongs_to_one_subscription on events_subscription (topic);
