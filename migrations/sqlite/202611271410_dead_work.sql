-- Deliveries that could not be read, newest first. Nothing else is in the index.

create index webhook_inbox_dead on webhook_inbox (received_at, id) where state in ('bad', 'failed');
