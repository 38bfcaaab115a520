-- What everybody sees of an organization stands with its name: the languages it offers (tags with commas between), the one for whoever
-- chose none, and its looks (colour, and which file is its logo).
alter table organizations add column languages text not null default 'en,bn';
alter table organizations add column default_language text not null default 'en';
alter table organizations add column look text not null default '{}';
-- In whose name its mails come, and where answers to them go. Null: as the server's own.
alter table organization_settings add column sender_name text;
alter table organization_settings add column reply_to text;
