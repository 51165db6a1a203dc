CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;

CREATE TABLE episodes (
	seq INTEGER PRIMARY KEY AUTOINCREMENT,
	id TEXT NOT NULL UNIQUE,
	session TEXT NOT NULL, turn TEXT NOT NULL, role TEXT NOT NULL, speaker TEXT NOT NULL,
	text TEXT NOT NULL, lang TEXT NOT NULL, at INTEGER NOT NULL, zone TEXT NOT NULL,
	importance REAL NOT NULL, arousal REAL NOT NULL, valence REAL NOT NULL,
	flags INTEGER NOT NULL, simhash INTEGER NOT NULL,
	stability REAL NOT NULL, recalls INTEGER NOT NULL, recalled INTEGER NOT NULL,
	faded INTEGER NOT NULL,
	terms TEXT NOT NULL, length INTEGER NOT NULL,
	previous INTEGER NOT NULL, following INTEGER NOT NULL -- in the session; 0 is none
) STRICT;
CREATE INDEX episodes_session ON episodes (session, seq);
CREATE INDEX episodes_at ON episodes (at);
CREATE INDEX episodes_speaker ON episodes (speaker);

CREATE TABLE facts (
	id TEXT PRIMARY KEY,
	kind TEXT NOT NULL, subject TEXT NOT NULL, predicate TEXT NOT NULL, object TEXT NOT NULL,
	text TEXT NOT NULL, lang TEXT NOT NULL, terms TEXT NOT NULL,
	confidence REAL NOT NULL, origin TEXT NOT NULL, pinned INTEGER NOT NULL, sensitivity TEXT NOT NULL,
	valid_from INTEGER NOT NULL, valid_to INTEGER NOT NULL, superseded_by TEXT NOT NULL, expires INTEGER NOT NULL,
	importance REAL NOT NULL, arousal REAL NOT NULL, valence REAL NOT NULL,
	stability REAL NOT NULL, recalls INTEGER NOT NULL, recalled INTEGER NOT NULL, faded INTEGER NOT NULL
) STRICT;

CREATE TABLE fact_sources (
	fact TEXT NOT NULL REFERENCES facts (id) ON DELETE CASCADE,
	episode TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, quote TEXT NOT NULL, at INTEGER NOT NULL,
	PRIMARY KEY (fact, episode, start)
) WITHOUT ROWID, STRICT;
CREATE INDEX fact_sources_episode ON fact_sources (episode);

CREATE TABLE changes (
	n INTEGER PRIMARY KEY AUTOINCREMENT,
	at INTEGER NOT NULL, item TEXT NOT NULL, action TEXT NOT NULL, text TEXT NOT NULL
) STRICT;
CREATE INDEX changes_item ON changes (item);

CREATE TABLE vectors (
	n INTEGER PRIMARY KEY AUTOINCREMENT,
	item TEXT NOT NULL, model TEXT NOT NULL, vector BLOB NOT NULL, -- float32, little-endian, of length 1
	UNIQUE (item, model)
) STRICT;
CREATE INDEX vectors_model ON vectors (model, n);
