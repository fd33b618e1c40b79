//! Why a request is refused, in a few common forms.

use serde_json::{Map, Value};

use crate::translation::Untranslatable;

/// A field, such as `input[2].content`, that must hold something else.
pub(super) fn wrong_kind(field: &str, wanted: &str) -> Untranslatable {
    Untranslatable {
        message: format!("`{field}` must be {wanted}."),
        param: Some(field.to_owned()),
        code: "invalid_type",
    }
}

/// What is in an object; `at` is where it stands.
pub(super) fn members<'a>(
    value: &'a Value,
    at: &str,
) -> Result<&'a Map<String, Value>, Untranslatable> {
    value.as_object().ok_or_else(|| wrong_kind(at, "an object"))
}

/// A field that has to be there.
pub(super) fn missing(field: &str, wanted: &str) -> Untranslatable {
    Untranslatable {
        message: format!("`{field}` is missing: it must be {wanted}."),
        param: Some(field.to_owned()),
        code: "missing_required_parameter",
    }
}

/// A value that the chat completions API has nothing like.
pub(super) fn unsupported(field: &str, value: &Value, remedy: &str) -> Untranslatable {
    let value = value.as_str().unwrap_or("this value");
    Untranslatable {
        message: format!(
            "`{field}` is {value}, which the model's provider does not take. {remedy}"
        ),
        param: Some(field.to_owned()),
        code: "unsupported_value",
    }
}

/// A field that only an API that keeps responses can honour.
pub(super) fn keeps_nothing(field: &str, remedy: &str) -> Untranslatable {
    Untranslatable {
        message: format!(
            "`{field}` is not supported here: the model's provider keeps no responses. {remedy}"
        ),
        param: Some(field.to_owned()),
        code: "unsupported_parameter",
    }
}
