-- A person's own attendance is read by person.
create index attendance_of_person on attendance (organization_id, person_id, session_id);
