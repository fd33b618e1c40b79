//! References in the file's texts: `${NAME}` to a variable of the environment, `file:` to a file that holds a secret.
//! What they stand for is never repeated.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::config::value::Wrong;

/// A key's text that begins so names a file.
const FILE: &str = "file:";
/// The largest file that holds a secret, in bytes.
const MAX_SECRET: u64 = 64 * 1024;

/// What references lead to.
pub(super) struct References {
    /// Every variable of the environment and of `.env`.
    pub(super) variables: HashMap<String, String>,
    /// The configuration file's folder.
    pub(super) folder: PathBuf,
}

/// Whether a text refers to something outside the file.
pub(super) fn is_reference(text: &str) -> bool {
    text.starts_with(FILE) || text.contains("${")
}

impl References {
    /// A text with its `${NAME}` replaced; `$${` stands for the two characters themselves.
    pub(super) fn text(&self, text: &str) -> Result<String, Wrong> {
        let mut whole = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            if let Some(before) = before.strip_suffix('$') {
                whole.push_str(before);
                whole.push_str("${");
                rest = after;
                continue;
            }
            let named = after.split_once('}').filter(|(name, _)| is_name(name));
            let Some((name, after)) = named else {
                return Err(Wrong {
                    problem: "what follows ${ is not a variable's name and }".to_owned(),
                    remedy: "Write ${NAME}, or $${ for the two characters themselves.".to_owned(),
                });
            };
            whole.push_str(before);
            whole.push_str(self.variable(name)?);
            rest = after;
        }
        whole.push_str(rest);
        Ok(whole)
    }

    /// A secret's text, with its references replaced.
    pub(super) fn secret(&self, text: &str) -> Result<String, Wrong> {
        let text = self.text(text)?;
        match text.strip_prefix(FILE) {
            Some(path) => self.secret_file(Path::new(path)),
            None => Ok(text),
        }
    }

    /// A path, from the configuration file's folder.
    pub(super) fn path(&self, path: &str) -> String {
        self.folder.join(path).to_string_lossy().into_owned()
    }

    fn variable(&self, name: &str) -> Result<&str, Wrong> {
        let value = self.variables.get(name).map(String::as_str);
        value
            .filter(|value| !value.is_empty())
            .ok_or_else(|| Wrong {
                problem: format!("the variable {name} that it refers to is not set, or is empty"),
                remedy: format!("Set {name} in the environment or in .env."),
            })
    }

    fn secret_file(&self, path: &Path) -> Result<String, Wrong> {
        let path = self.folder.join(path);
        let shown = path.display();
        let wrong = |problem: String| {
            Wrong {
            problem,
            remedy: "Name a file that holds the key and nothing else, by a path from the configuration file's folder or from /."
                .to_owned(),
        }
        };
        let mut text = String::new();
        let read = std::fs::File::open(&path)
            .and_then(|file| file.take(MAX_SECRET + 1).read_to_string(&mut text));
        if let Err(reason) = read {
            return Err(wrong(format!("{shown} cannot be read ({reason})")));
        }
        if u64::try_from(text.len()).is_ok_and(|length| length > MAX_SECRET) {
            return Err(wrong(format!("{shown} is larger than {MAX_SECRET} bytes")));
        }
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
        if text.trim().is_empty() {
            return Err(wrong(format!("{shown} is empty")));
        }
        Ok(text)
    }
}

fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.bytes().all(fits)
        && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_replaced_and_faults_show_no_value() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key"), "hush-file\n").unwrap();
        std::fs::write(folder.path().join("none"), "\n").unwrap();
        let variables = [
            ("A", "hush-a"),
            ("B_2", "hush-b"),
            ("EMPTY", ""),
            ("AT", "file:key"),
        ];
        let references = References {
            variables: HashMap::from(variables.map(|(name, value)| (name.into(), value.into()))),
            folder: folder.path().to_owned(),
        };
        let check =
            |text: &str, expected: Result<&str, &str>| match (references.secret(text), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{text}"),
                (Err(wrong), Err(expected)) => {
                    let told = format!("{}. {}", wrong.problem, wrong.remedy);
                    assert!(told.contains(expected), "{text}: {told}");
                    assert!(!told.contains("hush"), "{text}: {told}");
                }
                (found, expected) => panic!("{text}: {found:?}, not {expected:?}"),
            };
        check("plain", Ok("plain"));
        check("${A}", Ok("hush-a"));
        check("Bearer ${A}.${B_2}!", Ok("Bearer hush-a.hush-b!"));
        check("$${A} $5 ${A}", Ok("${A} $5 hush-a"));
        check("file:key", Ok("hush-file"));
        check("${AT}", Ok("hush-file"));
        check("${NONE}", Err("the variable NONE"));
        check("${EMPTY}", Err("the variable EMPTY"));
        check("${hush", Err("${NAME}"));
        check("${hush-hush}", Err("${NAME}"));
        check("${}", Err("${NAME}"));
        check("file:none", Err("is empty"));
        check("file:missing", Err("missing cannot be read"));
        assert_eq!(references.path("/x/y"), "/x/y");
        assert!(references.text("file:key").unwrap() == "file:key");
    }
}
