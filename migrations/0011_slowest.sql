-- The slowest conversations of each hour, those of an event name up to a hundred, and in their last places, without an
-- id, the greatest latency of those of a name that were left out. Of a row that was made before it is infinite: such an
-- hour proves nothing.
ALTER TABLE {database}.rollup {on_cluster}
    ADD COLUMN IF NOT EXISTS slow_conversations Array(String) DEFAULT [''],
    ADD COLUMN IF NOT EXISTS slow_names Array(LowCardinality(String)) DEFAULT [''],
    ADD COLUMN IF NOT EXISTS slow_p95s Array(Float64) DEFAULT [inf] COMMENT '95th percentiles of measured latencies in ms';
-- All hours are to be computed again. Once more is once more.
INSERT INTO {database}.bucket_marks
SELECT tenant, hour, 1 AS marks FROM {database}.bucket_marks GROUP BY tenant, hour;
