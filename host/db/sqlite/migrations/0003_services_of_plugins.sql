-- What the host keeps for plugins. Owners and users are '' for nobody; times
-- are microseconds since 1970, 0 for one that is not set.

CREATE TABLE plugin_values (
	plugin  TEXT    NOT NULL,
	scope   INTEGER NOT NULL, -- 1 user, 2 session, 3 all
	owner   TEXT    NOT NULL,
	name    BLOB    NOT NULL, -- UTF-8, compared as bytes
	data    BLOB    NOT NULL,
	version INTEGER NOT NULL,
	expires INTEGER NOT NULL,
	at      INTEGER NOT NULL,
	PRIMARY KEY (plugin, scope, owner, name)
) WITHOUT ROWID;
CREATE INDEX plugin_values_expire ON plugin_values (expires) WHERE expires > 0;
CREATE INDEX plugin_values_owner ON plugin_values (scope, owner);

-- What each plugin keeps, for its quota.
CREATE TABLE plugin_kept (
	plugin TEXT    PRIMARY KEY,
	n      INTEGER NOT NULL,
	bytes  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TRIGGER plugin_values_insert AFTER INSERT ON plugin_values BEGIN
	INSERT INTO plugin_kept VALUES (new.plugin, 1, length(new.name) + length(new.data))
	ON CONFLICT (plugin) DO UPDATE SET n = n + 1, bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER plugin_values_update AFTER UPDATE OF data ON plugin_values BEGIN
	UPDATE plugin_kept SET bytes = bytes + length(new.data) - length(old.data) WHERE plugin = new.plugin;
END;
CREATE TRIGGER plugin_values_delete AFTER DELETE ON plugin_values BEGIN
	UPDATE plugin_kept SET n = n - 1, bytes = bytes - length(old.name) - length(old.data) WHERE plugin = old.plugin;
END;

-- Numbers that never come twice: versions of values, revisions of plans.
CREATE TABLE plugin_counter (n INTEGER NOT NULL);
INSERT INTO plugin_counter VALUES (0);

CREATE TABLE plans (
	plugin   TEXT    NOT NULL,
	user     TEXT    NOT NULL,
	name     TEXT    NOT NULL,
	session  TEXT    NOT NULL,
	locale   TEXT    NOT NULL,
	zone     TEXT    NOT NULL,
	spec     TEXT    NOT NULL, -- JSON: at, every, cron, time_zone, data
	revision INTEGER NOT NULL UNIQUE,
	due      INTEGER NOT NULL,
	wake     INTEGER NOT NULL,
	tries    INTEGER NOT NULL,
	PRIMARY KEY (plugin, user, name)
) WITHOUT ROWID;
CREATE INDEX plans_wake ON plans (wake, revision);

CREATE TABLE notices (
	user    TEXT    NOT NULL,
	id      TEXT    NOT NULL,
	plugin  TEXT    NOT NULL,
	kind    TEXT    NOT NULL,
	text    TEXT    NOT NULL,
	due     INTEGER NOT NULL,
	late    INTEGER NOT NULL,
	created INTEGER NOT NULL,
	PRIMARY KEY (user, id)
) WITHOUT ROWID;

-- Whoever is gone leaves nothing behind.
CREATE TRIGGER sessions_leave AFTER DELETE ON sessions BEGIN
	DELETE FROM plugin_values WHERE scope = 2 AND owner = old.id;
END;
CREATE TRIGGER users_leave AFTER DELETE ON users BEGIN
	DELETE FROM plugin_values WHERE scope = 1 AND owner = old.id;
	DELETE FROM plans WHERE user = old.id;
	DELETE FROM notices WHERE user = old.id;
END;
