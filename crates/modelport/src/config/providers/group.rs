//! One group of variables that describe one provider, before defaults: what was set, and by which variable.

use std::time::Duration;

use http::HeaderMap;
use modelport_provider::base_url::BaseUrl;
use modelport_provider::cost::Discount;
use modelport_provider::credential::{Secret, has_credential};
use modelport_provider::parameters::Policy;
use modelport_provider::settings::Http2;

use crate::config::discount;
use crate::config::environment::{Environment, Found};
use crate::config::fault::Origin;
use crate::config::file;
use crate::config::providers::ConfiguredModel;
use crate::config::setting::field;
use crate::config::value::{self, UrlHints, Wrong};

/// What one group of variables says; wrong values are faults already and stand here as unset.
#[derive(Debug, Clone)]
pub(super) struct Group {
    /// What its variables begin with; the first where there are two spellings.
    pub(super) prefix: String,
    /// Where the configuration file speaks of this provider.
    pub(super) home: Option<Origin>,
    pub(super) enabled: Option<Found<bool>>,
    pub(super) api_key: Option<Found<Secret>>,
    pub(super) base_url: Option<Found<BaseUrl>>,
    pub(super) default_model: Option<Found<String>>,
    pub(super) provider_name: Option<Found<String>>,
    pub(super) custom_headers: Option<Found<HeaderMap>>,
    pub(super) timeout: Option<Found<Duration>>,
    pub(super) max_retries: Option<Found<u32>>,
    pub(super) parameters: Option<Found<Policy>>,
    pub(super) models: Option<Found<Vec<ConfiguredModel>>>,
    /// What it says about its base URL beside that.
    pub(super) hints: UrlHints,
    pub(super) http2: Option<Found<Http2>>,
    pub(super) discount: Option<Found<Discount>>,
    /// Whether any of its variables is set, rightly or wrongly.
    pub(super) is_set: bool,
    /// Whether one of its values is wrong, so that conclusions about it would mislead.
    pub(super) is_broken: bool,
}

impl Group {
    /// Reads the variables with these prefixes; the earlier prefix wins.
    pub(super) fn read(
        environment: &mut Environment,
        prefixes: &[&str],
        url: impl FnOnce(&str, &UrlHints) -> Result<BaseUrl, Wrong>,
    ) -> Self {
        let names = |field: &str| -> Vec<String> {
            prefixes
                .iter()
                .map(|prefix| format!("{prefix}{field}"))
                .collect()
        };
        let faults = environment.faults.len();
        let profile = environment.take(&names(field::PROFILE), value::profile);
        let api_version = environment.take(&names(field::API_VERSION), value::api_version);
        let hints = UrlHints {
            profile: profile.as_ref().map(|choice| choice.value.profile),
            probed: profile.and_then(|choice| choice.value.probed),
            api_version: api_version.map(|version| version.value),
        };
        let prefix = prefixes.first().copied().unwrap_or_default().to_owned();
        let home = environment.home(&prefix).cloned();
        Self {
            prefix,
            is_set: home.is_some()
                || field::GENERIC
                    .iter()
                    .any(|field| names(field).iter().any(|name| environment.is_set(name))),
            enabled: environment.take(&names(field::ENABLED), value::switch),
            api_key: environment.take(&names(field::API_KEY), value::secret),
            base_url: environment.take(&names(field::BASE_URL), |text| url(text, &hints)),
            default_model: environment.take(&names(field::DEFAULT_MODEL), value::text),
            provider_name: environment.take(&names(field::PROVIDER_NAME), value::text),
            custom_headers: environment.take(&names(field::CUSTOM_HEADERS), value::headers),
            timeout: environment.take(&names(field::TIMEOUT), value::seconds),
            max_retries: environment.take(&names(field::MAX_RETRIES), value::retries),
            parameters: environment.take(&names(field::PARAMETERS), value::policy),
            models: environment.take(&names(field::MODELS), value::models),
            hints,
            http2: environment.take(&names(field::HTTP2), value::http2),
            discount: environment.take(&names(field::DISCOUNT), discount::discount),
            is_broken: environment.faults.len() > faults
                || field::GENERIC
                    .iter()
                    .any(|field| names(field).iter().any(|name| environment.is_broken(name))),
            home,
        }
    }

    /// The name of one of its variables; of its key, where the configuration file speaks of the provider.
    pub(super) fn variable(&self, field: &str) -> String {
        self.place(field).variable
    }

    /// Where one of its settings is to be written.
    pub(super) fn place(&self, field: &str) -> Origin {
        match &self.home {
            Some(home) => home.below(file::of_field(field)),
            None => Origin::variable(format!("{}{field}", self.prefix)),
        }
    }

    /// Whether it brings a key, or a custom header in its place.
    pub(super) fn has_credential(&self) -> bool {
        self.api_key.is_some() || self.header_credential().is_some()
    }

    /// The custom headers, if one of them is a credential.
    pub(super) fn header_credential(&self) -> Option<&Found<HeaderMap>> {
        self.custom_headers
            .as_ref()
            .filter(|headers| has_credential(&headers.value))
    }

    /// The variable that sets the credential, or would.
    pub(super) fn key_variable(&self) -> String {
        match (self.header_credential(), &self.api_key) {
            (Some(headers), _) => headers.variable(),
            (None, Some(key)) => key.variable(),
            (None, None) => self.variable(field::API_KEY),
        }
    }
}
