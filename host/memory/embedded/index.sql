-- Terms, not text: stems made by our own analyser, separated by spaces.
CREATE VIRTUAL TABLE episode_index USING fts5 (terms, context, tokenize = "unicode61 remove_diacritics 0");
INSERT INTO episode_index (episode_index, rank) VALUES ('secure-delete', 1);
CREATE VIRTUAL TABLE episode_terms USING fts5vocab (episode_index, 'col');
-- Merging more segments at once, and so less often, makes the slowest writes
-- half as slow, and questions no slower.
INSERT INTO episode_index (episode_index, rank) VALUES ('automerge', 8);
