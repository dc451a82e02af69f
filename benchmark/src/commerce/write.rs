//! The shop as a file of JSON lines.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use shop::Operation;

/// A file that grows by one line per operation.
pub(super) struct Lines {
    file: BufWriter<File>,
    line: String,
}

impl Lines {
    /// In the place of what the file holds.
    pub(super) fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path).with_context(|| format!("making {}", path.display()))?;
        Ok(Self { file: BufWriter::new(file), line: String::new() })
    }

    /// Adds them.
    pub(super) fn write(&mut self, operations: &[Operation]) -> anyhow::Result<()> {
        for operation in operations {
            self.line.clear();
            operation.line(&mut self.line);
            self.file.write_all(self.line.as_bytes()).context("writing the file")?;
        }
        Ok(())
    }

    /// Returns once the file is whole.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        self.file.flush().context("writing the file")
    }
}
