-- Which events ever named a subject or a trace, also those that were deleted: their tombstones don't say. Of five
-- million events with four names each, in 400 MiB, it takes 340 MiB.
CREATE TABLE IF NOT EXISTS {database}.mentions {on_cluster}
(
    tenant LowCardinality(String),
    kind LowCardinality(String) COMMENT 'subject or trace',
    value String,
    created_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    id UUID
)
ENGINE = {replicated}ReplacingMergeTree
ORDER BY (tenant, kind, value, created_at, id)
{settings};
-- A view, so that nobody who writes events can forget it.
CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.mentions_of_events {on_cluster} TO {database}.mentions AS
SELECT tenant, mention.1 AS kind, mention.2 AS value, created_at, id
FROM {database}.events
ARRAY JOIN arrayConcat(arrayMap(name -> ('subject', name), subjects), arrayMap(name -> ('trace', name), trace_ids)) AS mention
WHERE notEmpty(subjects) OR notEmpty(trace_ids);
-- An insert that began before it does not reach it, and would be missed below while it runs: this fails until it ends.
SELECT throwIf(count() > 0, 'inserts that began before the view of mentions was made are waited for')
FROM {processes}
WHERE query_kind = 'Insert' AND position(query, 'mentions') = 0 AND position(query, 'schema_migrations') = 0
    AND (current_database = '{database}' OR position(query, '{database}.events') > 0)
    AND toUnixTimestamp64Milli(now64(3)) / 1000 - elapsed < 1 + (
        SELECT max(toUnixTimestamp(metadata_modification_time)) FROM system.tables
        WHERE database = '{database}' AND name = 'mentions_of_events');
-- Of the rows that are there. Once more changes nothing.
INSERT INTO {database}.mentions
SELECT tenant, mention.1 AS kind, mention.2 AS value, created_at, id
FROM {database}.events
ARRAY JOIN arrayConcat(arrayMap(name -> ('subject', name), subjects), arrayMap(name -> ('trace', name), trace_ids)) AS mention
WHERE notEmpty(subjects) OR notEmpty(trace_ids);
-- Which granules may have a subject, a tag or a trace id together with what else is asked, also of rows that are
-- there: those are gone through by the server in its own time. Of the same events the three take 10 MiB.
ALTER TABLE {database}.events {on_cluster}
    ADD INDEX IF NOT EXISTS by_subject subjects TYPE bloom_filter(0.001) GRANULARITY 1,
    ADD INDEX IF NOT EXISTS by_tag tags TYPE bloom_filter(0.001) GRANULARITY 1,
    ADD INDEX IF NOT EXISTS by_trace trace_ids TYPE bloom_filter(0.001) GRANULARITY 1;
ALTER TABLE {database}.events {on_cluster}
    MATERIALIZE INDEX IF EXISTS by_subject,
    MATERIALIZE INDEX IF EXISTS by_tag,
    MATERIALIZE INDEX IF EXISTS by_trace
