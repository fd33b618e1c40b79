//! Azure OpenAI: the hosts that speak its API, and the rest of `azure.com`, which shares only the label.

use super::openai;
use crate::profile::{CredentialStyle, Profile};

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
    credential: CredentialStyle::ApiKey,
    catalogue: Some("azure"),
    parameters: openai::PARAMETERS,
    responses: Some("/responses"),
    ..Profile::PLAIN
};

/// Any other machine under `azure.com`, such as a model server on a virtual machine.
pub(super) static AZURE_HOSTED: Profile = Profile {
    slug: "azure_hosted",
    name: "Azure OpenAI",
    hosts: &["azure.com"],
    ..Profile::PLAIN
};
