-- When each kind of regular work was last done, and when it last failed.

create table tick_runs (
    kind text primary key,
    done_at text,
    failed_at text
) strict;
