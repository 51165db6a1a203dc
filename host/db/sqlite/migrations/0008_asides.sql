-- What a plugin said that nobody asked for is someone else's words, see turn.Message.
ALTER TABLE messages ADD COLUMN aside INTEGER NOT NULL DEFAULT 0;
UPDATE messages SET aside = 1 WHERE role = 'assistant' AND NOT EXISTS (
	SELECT 1 FROM messages AS asked WHERE asked.session = messages.session AND asked.turn = messages.turn AND asked.role = 'user'
);
