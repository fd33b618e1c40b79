//! The file in which an operator says what is so of models: over listing and catalogue, value by value.

use std::io::Read;
use std::path::Path;

use modelport_provider::catalogue::{Overrides, read_overrides};

use super::environment::Environment;
use super::providers::ProviderConfig;
use super::setting;
use super::value::Wrong;

/// The largest file that is read, in bytes: ten times the embedded catalogue.
const MAX_FILE: u64 = 4 << 20;

/// What the file says; nothing without one, and after a fault, which is then among the faults.
pub(super) fn read(environment: &mut Environment, providers: &[ProviderConfig]) -> Overrides {
    let names = providers
        .iter()
        .flat_map(|provider| std::iter::once(&provider.id).chain(&provider.aliases));
    let names: Vec<&str> = names.map(String::as_str).collect();
    let name = setting::CATALOGUE.name.to_owned();
    let read = environment.take(&[name], |path| {
        let text = read_file(Path::new(path))?;
        read_overrides(&text, &names).map_err(|fault| Wrong {
            problem: format!("{path}:{}", fault.clause()),
            remedy: fault.remedy,
        })
    });
    read.map(|found| found.value).unwrap_or_default()
}

/// The text of a file that a setting names.
pub(super) fn read_file(path: &Path) -> Result<String, Wrong> {
    let wrong = |problem: String, remedy: &str| Wrong {
        problem: format!("{} {problem}", path.display()),
        remedy: remedy.to_owned(),
    };
    let mut text = String::new();
    let read = std::fs::File::open(path)
        .and_then(|file| file.take(MAX_FILE + 1).read_to_string(&mut text));
    match read {
        Err(reason) => Err(wrong(
            format!("cannot be read ({reason})"),
            "Name a JSON file that this process may read, by a path from its working directory or from /.",
        )),
        Ok(_) if u64::try_from(text.len()).is_ok_and(|length| length > MAX_FILE) => Err(wrong(
            format!("is larger than {MAX_FILE} bytes"),
            "Keep only what is in use in it.",
        )),
        Ok(_) => Ok(text),
    }
}
