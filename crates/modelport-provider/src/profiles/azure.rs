//! Azure OpenAI: the hosts that speak its API, and the rest of `azure.com`, which shares only the label.

use crate::profile::{CredentialStyle, HealthProbe, Profile};
use crate::resolution::Spelling;

/// Hosts with the `api-key` header and the `/openai` paths: `v1`, or classic when an `api-version` with a date is
/// asked for (MicrosoftDocs/azure-ai-docs, `api-version-lifecycle.md`; openai-python 3.54.0, `lib/azure.py`).
pub(super) static AZURE: Profile = Profile {
    slug: "azure",
    name: "Azure OpenAI",
    hosts: &[
        "openai.azure.com",
        "cognitiveservices.azure.com",
        "services.ai.azure.com",
    ],
    default_path: "/openai/v1",
    dated_path: Some("/openai"),
    base_url: None,
    credential: CredentialStyle::ApiKey,
    catalogue: Some("azure"),
    health: HealthProbe::Models,
    listing: Some("/models"),
    spelling: Spelling::Plain,
};

/// Any other machine under `azure.com`, such as a model server on a virtual machine.
pub(super) static AZURE_HOSTED: Profile = Profile {
    slug: "azure_hosted",
    name: "Azure OpenAI",
    hosts: &["azure.com"],
    default_path: "/v1",
    dated_path: None,
    base_url: None,
    credential: CredentialStyle::Bearer,
    catalogue: None,
    health: HealthProbe::Models,
    listing: Some("/models"),
    spelling: Spelling::Plain,
};
