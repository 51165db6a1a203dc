-- Who took an effect back, with which request, and what their plugin said.

ALTER TABLE receipts ADD COLUMN redresser TEXT NOT NULL DEFAULT '';
ALTER TABLE receipts ADD COLUMN redress_key TEXT NOT NULL DEFAULT ''; -- of whoever may send the request again
ALTER TABLE receipts ADD COLUMN redress_text TEXT NOT NULL DEFAULT '';
CREATE INDEX receipts_with_data ON receipts (at) WHERE data IS NOT NULL;
