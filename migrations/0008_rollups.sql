-- How often each hour of a tenant was written to. Marks are counted and never taken back: an hour whose rollup covers
-- as many as there are is clean.
CREATE TABLE IF NOT EXISTS {database}.bucket_marks {on_cluster}
(
    tenant LowCardinality(String),
    hour DateTime('UTC'),
    marks UInt64
)
ENGINE = {replicated}SummingMergeTree(marks)
ORDER BY (tenant, hour)
{record_settings};
-- What the events of an hour come to, in one row, which readers find whole or not at all.
CREATE TABLE IF NOT EXISTS {database}.rollup {on_cluster}
(
    tenant LowCardinality(String),
    hour DateTime('UTC'),
    covered UInt64 COMMENT 'marks that were counted before the events were read',
    computed_at DateTime64(3, 'UTC') COMMENT 'all that was acknowledged before is in the row',
    events UInt64 COMMENT 'all of the hour',
    slots Array(DateTime('UTC')) COMMENT 'starts of quarter hours: an element for each, with an event name, source and kind',
    names Array(LowCardinality(String)),
    sources Array(LowCardinality(String)),
    kinds Array(LowCardinality(String)),
    counts Array(UInt64),
    errors Array(UInt64),
    measured Array(UInt64) COMMENT 'events with a latency',
    latencies Array(AggregateFunction(quantilesDD(0.01, 0.5), Float64)),
    users Array(Array(UInt64)) COMMENT 'hashes of the different users of each of the four quarters',
    conversations Array(Array(UInt64)) COMMENT 'the same of conversations'
)
ENGINE = {replicated}ReplacingMergeTree(covered)
ORDER BY (tenant, hour)
SETTINGS index_granularity = 64;
-- The different users of a day of UTC, by those of its hours.
CREATE TABLE IF NOT EXISTS {database}.rollup_days {on_cluster}
(
    tenant LowCardinality(String),
    day DateTime('UTC'),
    covered UInt64 COMMENT 'marks that its hours covered',
    users Array(UInt64)
)
ENGINE = {replicated}ReplacingMergeTree(covered)
ORDER BY (tenant, day)
SETTINGS index_granularity = 8;
-- Consumers of older versions leave no marks: the table takes no more rows of theirs.
ALTER TABLE {database}.events {on_cluster} ADD CONSTRAINT IF NOT EXISTS schema_8 CHECK schema_version >= 8;
-- An insert that began before does not know the constraint, and would be missed below while it runs: this fails until
-- it ends.
SELECT throwIf(count() > 0, 'inserts that began before hours were marked are waited for')
FROM {processes}
WHERE query_kind = 'Insert' AND position(query, 'bucket_marks') = 0 AND position(query, 'schema_migrations') = 0
    AND (current_database = '{database}' OR position(query, '{database}.events') > 0)
    AND toUnixTimestamp64Milli(now64(3)) / 1000 - elapsed < 1 + (
        SELECT max(toUnixTimestamp(metadata_modification_time)) FROM system.tables
        WHERE database = '{database}' AND name = 'events');
-- All hours that there are need to be computed. Once more is once more.
INSERT INTO {database}.bucket_marks
SELECT tenant, toStartOfHour(toDateTime(created_at, 'UTC')) AS hour, 1 AS marks
FROM {database}.events
WHERE created_at < '2106-01-01 00:00:00'
GROUP BY tenant, hour;
