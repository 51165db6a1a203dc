-- Times are microseconds since 1970, UTC; a time that is not set is that of
-- Go's zero time.

CREATE TABLE sessions (
	key     INTEGER PRIMARY KEY AUTOINCREMENT,
	id      TEXT    NOT NULL UNIQUE,
	user    TEXT    NOT NULL,
	title   TEXT    NOT NULL,
	created INTEGER NOT NULL,
	updated INTEGER NOT NULL,
	seq     INTEGER NOT NULL -- of the newest frame
);
CREATE INDEX sessions_of_user ON sessions (user, updated DESC, key DESC);

CREATE TABLE frames (
	session INTEGER NOT NULL REFERENCES sessions (key) ON DELETE CASCADE,
	seq     INTEGER NOT NULL,
	turn    TEXT    NOT NULL,
	type    TEXT    NOT NULL,
	client  TEXT, -- the client's message id of an accepted frame
	body    BLOB    NOT NULL,
	PRIMARY KEY (session, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX frames_by_client ON frames (session, client) WHERE client IS NOT NULL;

-- Turns that have no done frame, with their first accepted one.
CREATE TABLE open_turns (
	session INTEGER NOT NULL REFERENCES sessions (key) ON DELETE CASCADE,
	turn    TEXT    NOT NULL,
	seq     INTEGER NOT NULL,
	PRIMARY KEY (session, turn)
) WITHOUT ROWID;

CREATE TABLE messages (
	key     INTEGER PRIMARY KEY AUTOINCREMENT,
	session INTEGER NOT NULL REFERENCES sessions (key) ON DELETE CASCADE,
	id      TEXT    NOT NULL,
	turn    TEXT    NOT NULL,
	role    TEXT    NOT NULL,
	text    TEXT    NOT NULL,
	words   TEXT    NOT NULL, -- as a search compares them
	at      INTEGER NOT NULL,
	state   TEXT    NOT NULL
);
CREATE INDEX messages_of_session ON messages (session, key);

-- The index reads the words from messages. What is deleted leaves it at once,
-- not when its segments happen to be merged.
CREATE VIRTUAL TABLE search USING fts5 (
	words, content = 'messages', content_rowid = 'key', tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO search (search, rank) VALUES ('secure-delete', 1);
CREATE TRIGGER search_insert AFTER INSERT ON messages BEGIN
	INSERT INTO search (rowid, words) VALUES (new.key, new.words);
END;
CREATE TRIGGER search_delete AFTER DELETE ON messages BEGIN
	INSERT INTO search (search, rowid, words) VALUES ('delete', old.key, old.words);
END;

CREATE TABLE vars (
	session INTEGER NOT NULL REFERENCES sessions (key) ON DELETE CASCADE,
	name    TEXT    NOT NULL,
	value   BLOB    NOT NULL,
	PRIMARY KEY (session, name)
) WITHOUT ROWID;

CREATE TABLE users (
	id      TEXT    PRIMARY KEY,
	name    TEXT    NOT NULL UNIQUE,
	role    TEXT    NOT NULL,
	lang    TEXT    NOT NULL,
	zone    TEXT    NOT NULL,
	plugins TEXT    NOT NULL, -- a JSON array
	created INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE keys (
	id      TEXT    PRIMARY KEY,
	user    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	label   TEXT    NOT NULL,
	hash    BLOB    NOT NULL UNIQUE,
	kind    TEXT    NOT NULL,
	created INTEGER NOT NULL,
	expires INTEGER NOT NULL,
	revoked INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX keys_of_user ON keys (user, created);

-- Counts every change of users and keys, by any process.
CREATE TABLE accounts_version (n INTEGER NOT NULL);
INSERT INTO accounts_version VALUES (1);
CREATE TRIGGER users_insert AFTER INSERT ON users BEGIN UPDATE accounts_version SET n = n + 1; END;
CREATE TRIGGER users_update AFTER UPDATE ON users BEGIN UPDATE accounts_version SET n = n + 1; END;
CREATE TRIGGER users_delete AFTER DELETE ON users BEGIN UPDATE accounts_version SET n = n + 1; END;
CREATE TRIGGER keys_insert AFTER INSERT ON keys BEGIN UPDATE accounts_version SET n = n + 1; END;
CREATE TRIGGER keys_update AFTER UPDATE ON keys BEGIN UPDATE accounts_version SET n = n + 1; END;
CREATE TRIGGER keys_delete AFTER DELETE ON keys BEGIN UPDATE accounts_version SET n = n + 1; END;
