-- The sentence in `problem` with its key and values, for pages in the reader's language; null in rows of an earlier release.

alter table connections add column problem_words text;
alter table meetings add column problem_words text;
alter table reconciliations add column problem_words text;
