-- Events that a platform publishes to a queue of the organization's own (Google: a Pub/Sub topic).

-- The queue, and the account under which it delivers to us. Both or neither.
alter table platform_settings add column event_topic text;
alter table platform_settings add column event_sender text;
