-- What was given up and is tried again keeps its attempt number growing, because a worker that was thought lost knows it by that number;
-- its tries count from here.
alter table jobs add column tried_before integer not null default 0;
-- Counted by kind for whoever runs the server.
create index jobs_of_kind on jobs (kind, state);
