-- Of which events an alert's value was measured, so that people can look at them whatever became of its rule.
ALTER TABLE {database}.alerts {on_cluster}
    ADD COLUMN IF NOT EXISTS measured String COMMENT 'JSON: metric, filters, from and to; empty where nothing was measured';
