-- Words go into the index by a statement of their own. A trigger makes the
-- statement that fires it begin with a savepoint, for which the index writes
-- itself out: for each message instead of once for all that are kept together.
DROP TRIGGER search_insert;
