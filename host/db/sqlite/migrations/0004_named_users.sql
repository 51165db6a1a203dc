-- The id of the service that names an end user; empty for the household's own.
ALTER TABLE users ADD COLUMN service TEXT NOT NULL DEFAULT '';
