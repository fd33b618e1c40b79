//! What all operations of the document have in common, added to each: who may call it, its errors, the headers.

use serde_json::{Map, Value, json};

use super::{errors::Errors, headers, schemas};

/// Adds it to the whole document.
pub(super) fn finish(document: &mut Value) {
    let mut errors = Errors::default();
    if let Some(paths) = document["paths"].as_object_mut() {
        for (path, item) in paths.iter_mut() {
            for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
                complete(path, operation, &mut errors);
            }
        }
    }
    let components = &mut document["components"];
    components["responses"] = errors.into_components();
    components["headers"] = headers::answers();
    components["parameters"] = headers::requests();
    components["securitySchemes"] = schemes();
    schemas::add(&mut components["schemas"]);
}

/// Completes one operation.
fn complete(path: &str, operation: &mut Value, errors: &mut Errors) {
    let who = Who::of(operation);
    let is_passed_on = operation.get("x-passed-on").is_some();
    errors.add(path, who, operation);
    operation["security"] = who.security();
    // Pages are files, which are the same whoever asks.
    let mut parameters = match operation["tags"][0].as_str() {
        Some("Pages") => vec![],
        _ => vec!["x-request-id"],
    };
    if is_passed_on {
        parameters.extend(headers::OF_PASSED_ON);
    }
    let needs_body = who != Who::Admin || operation.get("x-needs-body").is_some();
    if let Some(body) = operation.get_mut("requestBody") {
        // To the admin API a body that is not there says what an empty object does, which is enough for most.
        body["required"] = json!(needs_body);
    }
    // A schema here would be one of the whole stream; what an event holds is said in words.
    let stream = operation.pointer_mut("/responses/200/content/text~1event-stream");
    if let Some(stream) = stream {
        *stream = json!({});
    }
    for name in parameters {
        let parameter = json!({"$ref": format!("#/components/parameters/{name}")});
        push(operation, "parameters", parameter);
    }
    if let Some(operation) = operation.as_object_mut() {
        for name in ["x-passed-on", "x-errors", "x-anthropic", "x-needs-body"] {
            operation.shift_remove(name);
        }
    }
}

fn push(operation: &mut Value, list: &str, item: Value) {
    match operation[list].as_array_mut() {
        Some(items) => items.push(item),
        None => operation[list] = json!([item]),
    }
}

/// Who may call an endpoint, by the word that its description has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// Everybody.
    Everybody,
    /// Whoever shows a key, where keys are needed.
    Caller,
    /// Whoever shows an admin key.
    Admin,
    /// The same; on the gateway's own machine everybody, where there is no admin key.
    Viewer,
    /// Whoever may read the metrics.
    Metrics,
}

impl Who {
    fn of(operation: &Value) -> Self {
        let named = |name: &str| operation["security"][0].get(name).is_some();
        match () {
            () if named("caller") => Self::Caller,
            () if named("admin") => Self::Admin,
            () if named("viewer") => Self::Viewer,
            () if named("metrics") => Self::Metrics,
            () => Self::Everybody,
        }
    }

    /// What may be shown; the empty one stands for a gateway where nothing is needed.
    fn security(self) -> Value {
        let all = ["bearer", "x-api-key", "api-key"].map(|name| json!({name: []}));
        let [bearer, plain, azure] = all;
        match self {
            Self::Everybody => json!([]),
            Self::Caller => json!([bearer, plain, azure, {}]),
            Self::Admin => json!([{"admin": []}]),
            Self::Viewer => json!([{"admin": []}, {}]),
            Self::Metrics => json!([{"admin": []}, bearer, plain, azure, {}]),
        }
    }
}

fn schemes() -> Value {
    let key = "A key of the gateway's: one of `MODELPORT_API_KEY`, or one made with `modelport keys create`. A gateway that has none needs none.";
    json!({
        "bearer": {"type": "http", "scheme": "bearer", "description": key},
        "x-api-key": {"type": "apiKey", "in": "header", "name": "x-api-key", "description": "The same, as Anthropic's clients send it."},
        "api-key": {"type": "apiKey", "in": "header", "name": "api-key", "description": "The same, as Azure's clients send it."},
        "admin": {"type": "http", "scheme": "bearer", "description": "A key of `MODELPORT_ADMIN_KEY`. Without one, what only looks is open to programs and browsers on the gateway's own machine."},
    })
}
