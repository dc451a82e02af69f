//! Logs, on standard error.

use std::fmt::{Display, Write as _};
use std::io::{self, IsTerminal, Write};

use serde::Deserialize;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::config::{ConfigError, warn_of_misspelt};

/// The variables that begin with `LOG_`.
#[derive(Deserialize)]
#[serde(default)]
pub struct Config {
    /// A level, or `tracing`'s filter directives.
    pub level: String,
    /// How a line looks.
    pub format: Format,
}

/// How a line looks.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self { level: "info".into(), format: Format::Text }
    }
}

/// Begins logging. Call once. An error names the variable.
pub fn init(config: &Config) -> Result<(), ConfigError> {
    let bad = |problem: &dyn Display| ConfigError::new("LOG_LEVEL", problem);
    // A word that is no level would be taken for the name of a module.
    for word in config.level.split(',').filter(|word| !word.contains('=')) {
        word.trim().parse::<LevelFilter>().map_err(|error| bad(&format_args!("{error}: {word:?}")))?;
    }
    let mut filter = EnvFilter::try_new(&config.level).map_err(|error| bad(&error))?;
    // It tells of each message that comes, and warns of each that its sender got wrong.
    if !config.level.contains("rmcp") {
        filter = filter.add_directive("rmcp=error".parse().map_err(|error| bad(&error))?);
    }
    let coloured = matches!(config.format, Format::Text) && io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(move || Lines { to: io::stderr(), coloured })
        .with_target(false);
    match config.format {
        Format::Text => lines.with_ansi(coloured).init(),
        Format::Json => lines.json().flatten_event(true).init(),
    }
    // When these variables were read there was no log yet.
    warn_of_misspelt::<Config>("LOG_");
    Ok(())
}

/// Writes one line for each event. Texts of others (errors of servers, names that callers chose) can neither
/// break a line, and so forge another, nor speak to a terminal.
struct Lines<W> {
    to: W,
    /// Whether colours pass.
    coloured: bool,
}

impl<W: Write> Write for Lines<W> {
    /// The formatter hands over each event whole.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let forges = |(at, c): &(usize, char)| {
            c.is_control() && !(self.coloured && is_colour(line.get(*at..).unwrap_or_default()))
        };
        if line.char_indices().any(|c| forges(&c)) {
            let mut escaped = String::with_capacity(2 * line.len());
            for c in line.char_indices() {
                if forges(&c) { escape(c.1, &mut escaped) } else { escaped.push(c.1) }
            }
            escaped.push('\n');
            self.to.write_all(escaped.as_bytes())?;
        } else {
            self.to.write_all(event)?;
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Escapes a control character as JSON does, so that a log line of JSON stays JSON.
fn escape(control: char, to: &mut String) {
    match control {
        '\t' | '\r' | '\n' => to.extend(control.escape_default()),
        // Writing to memory can't fail.
        _ => {
            let _ = write!(to, "\\u{:04x}", u32::from(control));
        }
    }
}

/// Whether a text begins with one of the terminal's sequences in which levels and fields are written, such as
/// `ESC [ 31 m`. Others could hide what follows.
fn is_colour(text: &str) -> bool {
    let known = |number: &str| matches!(number, "0" | "1" | "2" | "3") || ("31"..="36").contains(&number);
    let sequence = text.strip_prefix("\x1b[").and_then(|rest| rest.split_once('m'));
    sequence.is_some_and(|(inside, _)| inside.split(';').all(known))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// What was written.
    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines that logging this text in every way leaves.
    fn logged(text: &str, coloured: bool) -> String {
        let page = Page::default();
        let to = page.clone();
        let lines = tracing_subscriber::fmt()
            .with_writer(move || Lines { to: to.clone(), coloured })
            .with_ansi(coloured)
            .finish();
        tracing::subscriber::with_default(lines, || {
            tracing::warn!(reason = text, shown = %text, debugged = ?text, "said {text}");
        });
        let bytes = page.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_text_of_others_stays_in_its_line() {
        for coloured in [false, true] {
            let line = logged("one\r\n2026-11-20 ERROR forged\u{85}\u{7}", coloured);
            assert_eq!(line.lines().count(), 1, "{line:?}");
            assert!(line.ends_with('\n') && line.contains(r"one\r\n2026"), "{line:?}");
            let others = |c: char| c.is_control() && c != '\n' && !(coloured && c == '\x1b');
            assert!(!line.contains(others), "{line:?}");
        }
    }

    #[test]
    fn a_text_of_others_can_not_speak_to_a_terminal() {
        for coloured in [false, true] {
            let line = logged("\u{1b}[2Jgone", coloured);
            assert!(!line.contains("\u{1b}[2J"), "{line:?}");
        }
    }

    #[test]
    fn only_the_colours_of_the_log_itself_pass() {
        for colour in ["0", "2", "1;31", "36"] {
            assert!(is_colour(&format!("\u{1b}[{colour}mtext")), "{colour}");
        }
        for other in ["", "8", "30", "31;8", "38;5;1", "3x"] {
            assert!(!is_colour(&format!("\u{1b}[{other}mtext")), "{other}");
        }
    }

    #[test]
    fn a_line_of_json_stays_json() {
        let page = Page::default();
        let to = page.clone();
        let lines = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_writer(move || Lines { to: to.clone(), coloured: false })
            .finish();
        let text = "\u{1b}[8m\u{7f}\u{80}\u{9f}\r\n\t\u{0}größer";
        tracing::subscriber::with_default(lines, || tracing::warn!(reason = text, "said {text}"));
        let bytes = page.0.lock().unwrap().clone();
        let read: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(read["reason"], text);
    }

    #[test]
    fn a_line_without_such_a_text_is_written_as_it_is() {
        assert!(logged("größer 🦀", false).contains("größer 🦀"));
    }
}
