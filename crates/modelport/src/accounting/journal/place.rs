//! Where a journal is: a directory of its own, which one process at a time holds.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use uuid::Uuid;

/// The file whose lock says that a process uses the journal.
const LOCK: &str = "lock";

/// A journal's directory, held until this is dropped. Its name is unlike any other journal's anywhere.
#[derive(Debug)]
pub struct Place {
    directory: PathBuf,
    _lock: File,
}

impl Place {
    /// A new place among the journals in `directory`.
    ///
    /// # Errors
    ///
    /// When nothing can be written there.
    pub fn new(directory: &Path) -> io::Result<Self> {
        let directory = directory.join(Uuid::now_v7().simple().to_string());
        fs::create_dir_all(&directory)?;
        let lock = File::create(directory.join(LOCK))?;
        lock.try_lock().map_err(io::Error::from)?;
        Ok(Self {
            directory,
            _lock: lock,
        })
    }

    /// The journals in `directory` that processes left behind which are gone. One that is in use is passed over.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn left_behind(directory: &Path) -> io::Result<Vec<Self>> {
        let mut places = Vec::new();
        for entry in fs::read_dir(directory)? {
            let directory = entry?.path();
            let lock = match File::open(directory.join(LOCK)) {
                Ok(lock) => lock,
                // Another process has just removed it, or it never was one.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) if error.kind() == io::ErrorKind::NotADirectory => continue,
                Err(error) => return Err(error),
            };
            match lock.try_lock() {
                Ok(()) => places.push(Self {
                    directory,
                    _lock: lock,
                }),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        places.sort_by(|one, other| one.directory.cmp(&other.directory));
        Ok(places)
    }

    /// What the journal is called.
    pub fn name(&self) -> &str {
        let name = self.directory.file_name();
        name.and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn path(&self, segment: u64) -> PathBuf {
        self.directory.join(format!("{segment:010}.journal"))
    }

    pub(super) fn segments(&self) -> io::Result<Vec<u64>> {
        super::numbers(&self.directory)
    }
}
