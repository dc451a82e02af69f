-- In which hours a conversation has events, or had some that were changed or deleted since: whoever reads one reads
-- the events of these hours alone. An hour is a number, since DateTime ends in 2106 and events don't. Of 20 million
-- events with two million conversations it takes 15 MiB.
CREATE TABLE IF NOT EXISTS {database}.conversation_hours {on_cluster}
(
    tenant LowCardinality(String),
    conversation_id String,
    hour UInt32 COMMENT 'hours since 1970'
)
ENGINE = {replicated}ReplacingMergeTree
ORDER BY (tenant, conversation_id, hour)
{settings};
-- A view, so that nobody who writes events can forget it. It groups nothing: a batch's equal rows are one when they are
-- inserted.
CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.conversation_hours_of_events {on_cluster} TO {database}.conversation_hours AS
SELECT tenant, conversation_id, toUInt32(intDiv(toUnixTimestamp64Milli(created_at), 3600000)) AS hour
FROM {database}.events
WHERE conversation_id != '';
-- An insert that began before it does not reach it, and would be missed below while it runs: this fails until it ends.
SELECT throwIf(count() > 0, 'inserts that began before the view of conversations was made are waited for')
FROM {processes}
WHERE query_kind = 'Insert' AND position(query, 'conversation_hours') = 0 AND position(query, 'bucket_marks') = 0
    AND position(query, 'schema_migrations') = 0
    AND (current_database = '{database}' OR position(query, '{database}.events') > 0)
    AND toUnixTimestamp64Milli(now64(3)) / 1000 - elapsed < 1 + (
        SELECT max(toUnixTimestamp(metadata_modification_time)) FROM system.tables
        WHERE database = '{database}' AND name = 'conversation_hours_of_events');
-- Of the rows that are there, in the order of the table, so that the server never holds many. Once more changes nothing.
INSERT INTO {database}.conversation_hours
SELECT tenant, conversation_id, toUInt32(intDiv(toUnixTimestamp64Milli(created_at), 3600000)) AS hour
FROM {database}.events
WHERE conversation_id != '';
