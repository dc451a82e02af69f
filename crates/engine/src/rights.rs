//! What statements may do: everything with what is in the data directory, nothing with what is outside of it.
//! ClickHouse's own access control sees to it, by a file of rights that the library reads when it opens the
//! directory. What that leaves open is for [`outside`](crate::sql::outside) to find in the statement's text.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// The file's name inside of the data directory.
const FILE: &str = "engine.xml";

/// All that stays inside. What is not granted is refused: sources of rows elsewhere and tables of them,
/// dictionaries, backups, users, named collections, and most of SYSTEM, such as SHUTDOWN.
const GRANTED: &str = "CHECK, SHOW, SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, \
    CREATE TEMPORARY TABLE, CREATE FUNCTION, DROP, UNDROP TABLE, TRUNCATE, OPTIMIZE, KILL QUERY, \
    SYSTEM MERGES, dictGet";

/// Settings that nobody may change: they name files or addresses, hold code, or choose another language.
const FIXED: [&str; 19] = [
    "additional_result_filter",
    "additional_table_filters",
    "allow_experimental_ai_functions",
    "allow_experimental_eval_table_function",
    "allow_introspection_functions",
    "dialect",
    "dynamic_disk_allow_from_env",
    "dynamic_disk_allow_from_zk",
    "dynamic_disk_allow_include",
    "format_avro_schema_registry_url",
    "format_schema",
    "format_template_resultset",
    "format_template_row",
    "input_format_record_errors_file_path",
    "merge_tree_disk",
    "merge_tree_storage_policy",
    "output_format_schema",
    "parallel_replicas_custom_key",
    "rename_files_after_processing",
];

/// The most memory of one statement that sets no other limit, in bytes.
const MEMORY: u64 = 2 << 30;

/// Where the file of a data directory is.
pub(crate) fn file(data: &Path) -> PathBuf {
    data.join(FILE)
}

/// Writes the file anew, since the directory may have been moved.
pub(crate) fn write(data: &str) -> io::Result<()> {
    let path = file(Path::new(data));
    let unfinished = path.with_extension("xml.new");
    let text = text(&path.to_string_lossy());
    let mut file =
        OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    fs::rename(unfinished, path)
}

/// The configuration, which names itself as the file of users.
fn text(path: &str) -> String {
    let path = escaped(path);
    let fixed: String = FIXED.map(|setting| format!("<{setting}><readonly/></{setting}>")).concat();
    format!(
        "<clickhouse>
<users_config>{path}</users_config>
<profiles><default><max_memory_usage>{MEMORY}</max_memory_usage><constraints>{fixed}</constraints></default></profiles>
<quotas><default/></quotas>
<users><default>
<password/><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>
<grants><query>GRANT {GRANTED} ON *.*</query></grants>
</default></users>
</clickhouse>
"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_can_not_end_its_element() {
        assert!(
            text("/a&b</users_config>")
                .contains("<users_config>/a&amp;b&lt;/users_config&gt;</users_config>")
        );
    }
}
