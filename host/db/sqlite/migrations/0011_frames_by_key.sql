-- What was said with an Idempotency-Key, whose id begins with i-, is found without
-- a look into each of a user's sessions.
CREATE INDEX frames_by_key ON frames (client) WHERE client >= 'i-' AND client < 'i.';
