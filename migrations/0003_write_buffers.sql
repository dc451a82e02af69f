-- Each column of a part that is written has buffers of this size, and there are sixty: with the default of
-- 1 MiB an insert of 20 MB takes 160 MB of memory, with this 40 MB, and a merge of large rows half.
ALTER TABLE {database}.events {on_cluster} MODIFY SETTING max_compress_block_size = 131072
