-- What each user has spent on each model in a day, written as 2006-01-02.
CREATE TABLE model_usage (
	day        TEXT    NOT NULL,
	user       TEXT    NOT NULL, -- empty for the host's own work
	provider   TEXT    NOT NULL,
	model      TEXT    NOT NULL,
	requests   INTEGER NOT NULL,
	prompt     INTEGER NOT NULL, -- tokens
	completion INTEGER NOT NULL, -- tokens
	cost       REAL    NOT NULL,
	PRIMARY KEY (user, day, provider, model)
) WITHOUT ROWID;
