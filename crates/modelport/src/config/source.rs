//! The files that settings are read from: finding them and reading them whole, with a bound. What stands in them is
//! read elsewhere.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::dotenv::MAX_DOTENV;
use super::environment::Environment;
use super::fault::{Fault, Origin};
use super::file::{FileText, Readers};
use super::setting;
use super::value;

/// The configuration file that is read when none is named.
pub const FILE: &str = "modelport.toml";
/// The largest configuration file, in bytes.
const MAX_FILE: usize = 1 << 20;

/// `.env` in the working directory, if there is one.
pub(super) fn dotenv() -> Result<Option<(PathBuf, String)>, Fault> {
    let path = PathBuf::from(".env");
    let text = read(&path, MAX_DOTENV)?;
    Ok(text.map(|text| (path, text)))
}

/// The configuration file: the one that the command line names, else the one that a variable names, else the usual
/// one if there is one.
pub(super) fn file(
    named: Option<PathBuf>,
    environment: &mut Environment,
) -> Result<Option<FileText>, Fault> {
    let variable = environment.take(&[setting::CONFIG.name.to_owned()], value::text);
    let (path, named_by) = match (named, variable) {
        (Some(path), _) => (path, Some("with --config".to_owned())),
        (None, Some(found)) => {
            let named_by = format!("with {}", found.origin.in_words());
            (PathBuf::from(found.value), Some(named_by))
        }
        (None, None) => (PathBuf::from(FILE), None),
    };
    let text = match (read(&path, MAX_FILE)?, named_by) {
        (Some(text), _) => text,
        (None, None) => return Ok(None),
        (None, Some(named_by)) => {
            return Err(Fault {
                origin: Origin::variable(path.display().to_string()),
                problem: "there is no such configuration file".to_owned(),
                remedy: format!(
                    "Name one {named_by}, by a path from the working directory or from /."
                ),
            });
        }
    };
    Ok(Some(FileText {
        readers: readers(&path),
        path,
        text,
    }))
}

#[cfg(unix)]
fn readers(path: &Path) -> Readers {
    use std::os::unix::fs::PermissionsExt;
    /// The bit of a mode that lets everybody on the machine read.
    const OTHERS_READ: u32 = 0o004;
    let mode = std::fs::metadata(path).map(|found| found.permissions().mode());
    if mode.is_ok_and(|mode| mode & OTHERS_READ != 0) {
        Readers::Everybody
    } else {
        Readers::Few
    }
}

#[cfg(not(unix))]
fn readers(_: &Path) -> Readers {
    Readers::Few
}

/// The text of a file; `None` if there is none.
fn read(path: &Path, most: usize) -> Result<Option<String>, Fault> {
    let fault = |line: usize, problem: String, remedy: &str| Fault {
        origin: Origin::line(path, line),
        problem,
        remedy: remedy.to_owned(),
    };
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX);
    let read =
        std::fs::File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes));
    match read {
        Err(reason) if reason.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(reason) => {
            return Err(fault(
                1,
                format!("it cannot be read ({reason})"),
                "Mend its permissions or remove it.",
            ));
        }
        Ok(_) if bytes.len() > most => {
            return Err(fault(
                1,
                format!("it is larger than {most} bytes"),
                "Keep only settings in it.",
            ));
        }
        Ok(_) => {}
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(wrong) => {
            let good = wrong.utf8_error().valid_up_to();
            let line = 1 + wrong
                .as_bytes()
                .iter()
                .take(good)
                .filter(|byte| **byte == b'\n')
                .count();
            Err(fault(
                line,
                "this line is not UTF-8".to_owned(),
                "Save the file as UTF-8.",
            ))
        }
    }
}
