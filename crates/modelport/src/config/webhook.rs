//! Where it is told by HTTP that a budget has reached the amount at which it warns.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderValue, Uri};
use percent_encoding::percent_decode_str;
use url::Url;

use super::value::{Wrong, wrong};

/// The URL of a webhook. A user and a password in it become a header; and as many webhooks have their secret in the path,
/// only scheme, host and port are ever shown.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl {
    target: Uri,
    authorization: Option<HeaderValue>,
    shown: String,
}

impl WebhookUrl {
    /// Where to send, without user and password; secret, since its path may be.
    pub fn target(&self) -> &Uri {
        &self.target
    }

    /// The user and the password of the URL, as a header's value.
    pub fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WebhookUrl").field(&self.shown).finish()
    }
}

/// Reads a URL, of which nothing is repeated: it may hold a secret.
pub(super) fn url(text: &str) -> Result<WebhookUrl, Wrong> {
    const REMEDY: &str = "Use the whole URL that takes a POST, such as https://hooks.example.com/budgets, with blanks and special characters as % and two hexadecimal digits.";
    let refused = || wrong("it is no URL of a webhook", REMEDY);
    let mut url = Url::parse(text).map_err(|_| refused())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("it begins with neither https:// nor http://", REMEDY));
    }
    if url.fragment().is_some() {
        return Err(wrong("it has a part behind #, which is never sent", REMEDY));
    }
    let authorization = authorization(&url).map_err(|()| refused())?;
    if authorization.is_some() {
        url.set_username("").map_err(|()| refused())?;
        url.set_password(None).map_err(|()| refused())?;
    }
    let target: Uri = url.as_str().parse().map_err(|_| refused())?;
    let authority = target.authority().ok_or_else(refused)?;
    let shown = format!("{}://{authority}", url.scheme());
    Ok(WebhookUrl {
        target,
        authorization,
        shown,
    })
}

/// The user and the password of a URL as RFC 7617 sends them.
fn authorization(url: &Url) -> Result<Option<HeaderValue>, ()> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let user: Vec<u8> = percent_decode_str(url.username()).collect();
    let password = percent_decode_str(url.password().unwrap_or_default());
    let pair: Vec<u8> = user.into_iter().chain(*b":").chain(password).collect();
    let value = format!("Basic {}", STANDARD.encode(pair));
    let mut value = HeaderValue::from_str(&value).map_err(drop)?;
    value.set_sensitive(true);
    Ok(Some(value))
}

#[cfg(test)]
mod tests {
    use super::super::report::startup_block;
    use super::super::tests::{config, faults};

    const NAME: &str = "MODELPORT_BUDGET_WEBHOOK";

    #[test]
    fn a_webhook_is_shown_without_what_may_be_secret() {
        assert!(config(&[]).server.budget_webhook.is_none());
        let check = |text: &str, shown: &str, target: &str, user: Option<&str>| {
            let config = config(&[(NAME, text)]);
            let hook = config.server.budget_webhook.as_ref().unwrap();
            assert_eq!(hook.to_string(), shown);
            assert_eq!(hook.target().to_string(), target);
            let value = hook.authorization().map(|value| value.to_str().unwrap());
            assert_eq!(value, user);
            let block = startup_block(&config, &[]);
            assert!(block.contains(shown), "{block}");
            for said in [block, format!("{config:?}")] {
                assert!(!said.contains("hush"), "{said}");
            }
        };
        check(
            "https://hooks.test/services/hush",
            "https://hooks.test",
            "https://hooks.test/services/hush",
            None,
        );
        check(
            "http://ada:hu%73h@127.0.0.1:9/in?token=hush",
            "http://127.0.0.1:9",
            "http://127.0.0.1:9/in?token=hush",
            Some("Basic YWRhOmh1c2g="),
        );
        check(
            "https://hooks.test",
            "https://hooks.test",
            "https://hooks.test/",
            None,
        );
    }

    #[test]
    fn what_is_no_webhook_is_refused_without_repeating_it() {
        let check = |text: &str| {
            let said = faults(&[(NAME, text)]);
            assert!(
                said.contains(NAME) && said.contains("Use the whole URL"),
                "{said}"
            );
            assert!(!said.contains("hush"), "{said}");
        };
        check("hush");
        check("ftp://a.test/hush");
        check("https:///?hush");
        check("https://a.test/#hush");
        check("https://ada:hush@a.test:port/");
    }
}
