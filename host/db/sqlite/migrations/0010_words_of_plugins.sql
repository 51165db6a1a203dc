-- What a plugin said is someone else's words, asked or not, see turn.Message. Who
-- said what in earlier answers was not kept: all that came without a model counts.
UPDATE messages SET aside = 1 WHERE role = 'assistant' AND aside = 0 AND EXISTS (
	SELECT 1 FROM frames WHERE frames.session = messages.session AND frames.seq = CAST(substr(messages.id, 2) AS INTEGER) AND frames.type = 'done'
		AND (instr(CAST(frames.body AS TEXT), '"source":"intent"') > 0 OR instr(CAST(frames.body AS TEXT), '"source":"dialogue"') > 0)
);
