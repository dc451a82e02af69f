-- The keys of the last changes of an event, so that a repeat of one is known; and the schema that whoever
-- wrote a row knew, so that a later migration can shut out older writers with a constraint on it.
ALTER TABLE {database}.events {on_cluster}
    ADD COLUMN IF NOT EXISTS idempotency_keys Array(UInt64)
        COMMENT 'of the last 8 changes with a key, the first 8 bytes of its SHA-256' AFTER context,
    ADD COLUMN IF NOT EXISTS schema_version UInt16 DEFAULT 2
        COMMENT 'the number of the last migration that the writer of the row knows' AFTER is_deleted
