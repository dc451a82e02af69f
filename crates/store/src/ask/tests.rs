use std::fs;
use std::path::Path;

/// Files that read the table by themselves, how often, and why they may.
const BY_THEMSELVES: [(&str, usize); 12] = [
    // The one place.
    ("ask.rs", 1),
    // A row to insert again, whosever it is.
    ("insert.rs", 1),
    // Events by their keys, with what FINAL would hide.
    ("lookup.rs", 1),
    // Keys of events that came in, by an index, for a question to look at.
    ("queries/arrivals.rs", 1),
    ("queries/conversation.rs", 2),
    ("queries/event.rs", 1),
    ("queries/event_service.rs", 1),
    ("queries/trail.rs", 1),
    // Whole hours, to be rolled up.
    ("rollup/compute.rs", 1),
    // When they are, to be rolled up again.
    ("rollup/mark.rs", 1),
    ("rollup/money/compute.rs", 1),
    ("rollup/slowest.rs", 1),
];

#[test]
fn nothing_else_reads_the_table_of_events() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut readers = Vec::new();
    for file in sources(&source) {
        let text = fs::read_to_string(&file).unwrap();
        let reads = reads_of_events(text.split("#[cfg(test)]").next().unwrap());
        if reads > 0 {
            readers.push((file.strip_prefix(&source).unwrap().to_string_lossy().into_owned(), reads));
        }
    }
    readers.sort();
    assert_eq!(readers, BY_THEMSELVES.map(|(file, reads)| (file.to_owned(), reads)));
}

#[test]
fn a_reading_is_found_however_it_is_written() {
    for text in
        ["FROM events", "from\n   events", "JOIN events", "FROM `events`", "FROM db.events)", "FROM (events"]
    {
        assert_eq!(reads_of_events(text), 1, "{text}");
    }
    for text in ["FROM {events}", "FROM schema_migrations", "INSERT INTO events SELECT", "FROM events_of_old"]
    {
        assert_eq!(reads_of_events(text), 0, "{text}");
    }
}

/// All source files but those of tests alone.
fn sources(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.file_name().is_some_and(|name| name != "tests.rs") {
            files.push(path);
        }
    }
    files
}

fn reads_of_events(text: &str) -> usize {
    let text = text.to_lowercase();
    let words: Vec<_> = text
        .split(|c: char| !c.is_alphanumeric() && !"_{}.".contains(c))
        .filter(|word| !word.is_empty())
        .collect();
    let is_read =
        |pair: &&[&str]| matches!(pair[0], "from" | "join") && pair[1].rsplit('.').next() == Some("events");
    words.windows(2).filter(is_read).count()
}
