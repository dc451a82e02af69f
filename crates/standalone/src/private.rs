//! Keeps the data folder to its owner: events are in it, and the engine's password.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::Mode;

/// The file with the engine's password inside of the data folder.
const PASSWORD: &str = "clickhouse.password";

const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;

/// Makes the folder if it is missing, and lets nobody else in, also where it was made by an earlier version.
/// From here on the process makes files for its user alone.
pub(crate) fn folder(data: &Path) -> io::Result<()> {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    DirBuilder::new().recursive(true).mode(FOLDER).create(data)?;
    restrict(data, FOLDER)?;
    for entry in fs::read_dir(data)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_file() || kind.is_dir() {
            restrict(&entry.path(), if kind.is_dir() { FOLDER } else { FILE })?;
        }
    }
    Ok(())
}

/// What others may do is taken away; nothing else is changed.
fn restrict(path: &Path, mode: u32) -> io::Result<()> {
    let is = fs::metadata(path)?.permissions().mode() & 0o777;
    if is & !mode == 0 { Ok(()) } else { fs::set_permissions(path, Permissions::from_mode(is & mode)) }
}

/// The engine's password, the same at every start on this folder; made at the first.
pub(crate) fn password(data: &Path) -> io::Result<String> {
    let path = data.join(PASSWORD);
    match fs::read_to_string(&path) {
        Ok(password) if !password.trim().is_empty() => return Ok(password.trim().to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let password = format!("{:032x}", rand::random::<u128>());
    write(&path, &format!("{password}\n"))?;
    Ok(password)
}

/// Writes a file for its owner alone. It appears whole.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    let unfinished = path.with_added_extension("new");
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(FILE).open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(unfinished, path)
}
