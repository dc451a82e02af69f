-- Every event, one live row each: the row of the greatest version counts, and none if that one is deleted.
-- No column of the sort key ever changes for an event: created_at is read off the id.
CREATE TABLE IF NOT EXISTS {database}.events {on_cluster}
(
    tenant LowCardinality(String),
    id UUID,
    created_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    updated_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    source LowCardinality(String),
    kind LowCardinality(String),
    event_name LowCardinality(String),
    message_id String,
    conversation_id String,
    conversation_metadata String,
    user_id String,
    anonymous_id String,
    error String,
    latency Float64 COMMENT 'milliseconds, 0 = not measured',
    input String CODEC(ZSTD(3)),
    output String CODEC(ZSTD(3)),
    input_embeddings Array(Float32),
    output_embeddings Array(Float32),
    subjects Array(String),
    tags Array(String),
    trace_ids Array(String),
    properties String COMMENT 'JSON text as sent: the truth' CODEC(ZSTD(3)),
    attributes JSON(max_dynamic_paths = 64)
        MATERIALIZED CAST(if(isValidJSON(properties), properties, '{}'), 'JSON(max_dynamic_paths = 64)')
        COMMENT 'properties for queries: lossy, never returned',
    context String COMMENT 'JSON text as sent' CODEC(ZSTD(3)),
    version UInt64,
    is_deleted UInt8,
    INDEX by_conversation conversation_id TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_user user_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_input input TYPE text(tokenizer = 'splitByNonAlpha'),
    INDEX by_output output TYPE text(tokenizer = 'splitByNonAlpha')
)
ENGINE = {replicated}ReplacingMergeTree(version, is_deleted)
PARTITION BY toYYYYMM(created_at)
ORDER BY (tenant, created_at, id)
{settings}
