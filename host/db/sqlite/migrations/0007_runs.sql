-- Calls that were asked for with a key of whoever asked, see package effect.
-- at is in microseconds since 1970.

CREATE TABLE runs (
	user    TEXT    NOT NULL,
	key     TEXT    NOT NULL,
	request TEXT    NOT NULL,
	answer  BLOB, -- NULL while it is not known
	at      INTEGER NOT NULL,
	PRIMARY KEY (user, key)
) WITHOUT ROWID;
CREATE INDEX runs_at ON runs (at);

-- Whoever is gone leaves nothing behind.
CREATE TRIGGER users_leave_runs AFTER DELETE ON users BEGIN
	DELETE FROM runs WHERE user = old.id;
END;
