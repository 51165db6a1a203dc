-- What tools did in the world, see package effect. Times are microseconds since
-- 1970, 0 for one that is not set.

CREATE TABLE receipts (
	key       INTEGER PRIMARY KEY AUTOINCREMENT,
	id        TEXT    NOT NULL UNIQUE,
	user      TEXT    NOT NULL,
	session   TEXT    NOT NULL, -- '' outside of a conversation
	turn      TEXT    NOT NULL,
	request   TEXT    NOT NULL,
	plugin    TEXT    NOT NULL,
	tool      TEXT    NOT NULL,
	origin    TEXT    NOT NULL,
	locale    TEXT    NOT NULL,
	zone      TEXT    NOT NULL,
	args      BLOB    NOT NULL,
	data      BLOB, -- what the call answered with
	state     TEXT    NOT NULL,
	summary   TEXT    NOT NULL,
	at        INTEGER NOT NULL,
	ended     INTEGER NOT NULL,
	undoable  INTEGER NOT NULL,
	redress   TEXT    NOT NULL,
	redressed INTEGER NOT NULL
);
CREATE INDEX receipts_of_user ON receipts (user, key);
CREATE INDEX receipts_of_session ON receipts (session, key);
CREATE INDEX receipts_of_turn ON receipts (turn);
CREATE INDEX receipts_at ON receipts (at);

-- Whoever is gone leaves nothing behind.
CREATE TRIGGER sessions_leave_receipts AFTER DELETE ON sessions BEGIN
	DELETE FROM receipts WHERE session = old.id;
END;
CREATE TRIGGER users_leave_receipts AFTER DELETE ON users BEGIN
	DELETE FROM receipts WHERE user = old.id;
END;
