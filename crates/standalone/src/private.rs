//! Keeps the data folder to its owner: events are in it, and the engine's password.

use std::fmt;
use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::Mode;

/// The file with the engine's password inside of the data folder.
const PASSWORD: &str = "clickhouse.password";

const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;

/// Makes the folder if it is missing, and lets nobody else in, also where it was made by an earlier version. What
/// belongs to another user, as a volume that is shared through its group does, stays as it is, with a warning.
/// From here on the process makes files for its user alone.
pub(crate) fn folder(data: &Path) -> io::Result<()> {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    DirBuilder::new().recursive(true).mode(FOLDER).create(data)?;
    let mut open = Vec::from_iter(restrict(data, FOLDER)?);
    for entry in fs::read_dir(data)? {
        let entry = entry?;
        let Some(kind) = unless_gone(entry.file_type())? else { continue };
        if kind.is_file() || kind.is_dir() {
            open.extend(restrict(&entry.path(), if kind.is_dir() { FOLDER } else { FILE })?);
        }
    }
    if let Some(first) = open.first() {
        tracing::warn!(paths = open.len(), "{first}");
    }
    Ok(())
}

/// What others may use, and this process can't change.
struct Open {
    path: PathBuf,
    mode: u32,
    group: u32,
    error: io::Error,
}

impl fmt::Display for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, mode, group, error } = self;
        let who = if mode & 0o007 != 0 { "every user".to_owned() } else { format!("group {group}") };
        write!(f, "{} is open to {who} of this machine (mode {mode:o}) and stays so: {error}", path.display())
    }
}

/// What others may do is taken away; nothing else is changed. Returns what could not be changed.
fn restrict(path: &Path, mode: u32) -> io::Result<Option<Open>> {
    let Some(found) = unless_gone(fs::metadata(path))? else { return Ok(None) };
    let is = found.permissions().mode() & 0o777;
    if is & !mode == 0 {
        return Ok(None);
    }
    match unless_gone(fs::set_permissions(path, Permissions::from_mode(is & mode))) {
        Ok(_) => Ok(None),
        Err(error) => Ok(Some(Open { path: path.to_owned(), mode: is, group: found.gid(), error })),
    }
}

/// `None` for a file that was moved or removed since it was listed.
fn unless_gone<T>(looked: io::Result<T>) -> io::Result<Option<T>> {
    match looked {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        looked => looked.map(Some),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The kernel lets nobody change a mode in `/proc`, not even the superuser.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_whose_mode_can_not_be_changed_is_used_as_it_is() {
        let threads = Path::new("/proc/self/task");
        folder(threads).unwrap();
        let open = restrict(threads, FOLDER).unwrap().unwrap();
        assert_eq!(open.error.kind(), io::ErrorKind::PermissionDenied);
        let said = open.to_string();
        assert!(
            said.starts_with("/proc/self/task is open to every user of this machine (mode 555)"),
            "{said}"
        );
        let shared = Open { mode: 0o770, group: 2_000, ..open }.to_string();
        assert!(shared.contains(" is open to group 2000 of this machine (mode 770)"), "{shared}");
    }

    #[test]
    fn a_file_that_is_gone_again_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        assert!(restrict(&folder.path().join("renamed"), FILE).unwrap().is_none());
    }
}
