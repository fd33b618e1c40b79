//! What is kept, and where.

use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::setting;
use super::value;

/// Where things are kept that outlive the process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StorageConfig {
    /// The directory, which need not be there yet; `None` where neither a setting nor the environment names one, and
    /// then nothing outlives the process.
    pub data_dir: Option<PathBuf>,
}

/// Reads where things are kept. Without a setting it is the user's state directory (XDG Base Directory Specification
/// 0.8).
pub(super) fn read(environment: &mut Environment) -> StorageConfig {
    let name = setting::DATA_DIR.name.to_owned();
    let set = environment.take(&[name], value::text);
    let data_dir = match set {
        Some(found) => Some(PathBuf::from(found.value)),
        None => state_home(environment).map(|home| home.join("modelport")),
    };
    StorageConfig { data_dir }
}

fn state_home(environment: &Environment) -> Option<PathBuf> {
    let absolute = |name: &str| {
        let path = Path::new(environment.variables.get(name)?);
        path.is_absolute().then(|| path.to_owned())
    };
    absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))
}

#[cfg(test)]
mod tests {
    use super::super::tests::config;

    #[test]
    fn the_setting_comes_before_the_users_state_directory() {
        let check = |settings: &[(&str, &str)], expected: Option<&str>| {
            let found = config(settings).storage.data_dir;
            assert_eq!(found.as_deref().and_then(|path| path.to_str()), expected);
        };
        check(&[], None);
        check(
            &[("HOME", "/home/ada")],
            Some("/home/ada/.local/state/modelport"),
        );
        let xdg = [("HOME", "/home/ada"), ("XDG_STATE_HOME", "/state")];
        check(&xdg, Some("/state/modelport"));
        check(&[("XDG_STATE_HOME", "relative")], None);
        let set = [("HOME", "/home/ada"), ("MODELPORT_DATA_DIR", "/data")];
        check(&set, Some("/data"));
    }
}
