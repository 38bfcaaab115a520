-- What gave up, newest first: jobs, and deliveries that could not be read. Nothing else is in these indexes.

create index jobs_dead on jobs (finished_at, id) where state = 'dead';
create index webhook_inbox_dead on webhook_inbox (received_at, id) where state in ('bad', 'failed');
