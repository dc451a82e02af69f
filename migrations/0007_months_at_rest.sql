-- A month that nothing was written to for six hours is merged into one part, so that questions need not compare its
-- parts row by row for which version counts. Nobody waits for it, and a month that is being written is left as it is.
ALTER TABLE {database}.events {on_cluster}
    MODIFY SETTING min_age_to_force_merge_seconds = 21600, min_age_to_force_merge_on_partition_only = 1
