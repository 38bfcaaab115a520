-- When each kind of regular work was last done, and when it last failed.

create table tick_runs (
    kind text primary key,
    done_at timestamptz,
    failed_at timestamptz
);

grant insert on tick_runs to lectern_app;
grant select, insert, update, delete on tick_runs to lectern_worker;

-- Which migrations ran is no secret: health compares them with the program's.
grant select on _sqlx_migrations to lectern_worker;
