//! Anthropic's Messages API in the words of chat completions, for providers that speak only these. It is pure: bytes in,
//! bytes out. Facts are from the types of Anthropic's Python SDK 2.14.0 and its API reference (2026-11).
//!
//! A request. What has another name or no place in the chat API is told in the receipt; `messages`, `tools` and `tool_choice`
//! are there under the same names, in the chat API's form, and are not.
//!
//! | Messages | Chat completions |
//! |---|---|
//! | `system`, and messages with the role `system` | `system` messages |
//! | turns of the same role one after the other | one message, as Anthropic reads them |
//! | `text` | text; where there is nothing else, the texts of a user are joined by line feeds, since not every provider takes parts, and those of the assistant by nothing, since citations cut them anywhere |
//! | `image`: `base64`, `url` | `image_url` with a data URI or the URL |
//! | `document`: base64 PDF | `file` with a data URI, its title as the name |
//! | `document`: `text`, `content`; `search_result` | its title, source or context, and its text, as text |
//! | `document`: `url`; a `file` source; results of server tools | refused: the chat API cannot say it |
//! | `tool_use` | a tool call of the assistant |
//! | `tool_result` | a `tool` message before the rest of the turn; images and files in it follow in the user's message; `is_error` becomes `Error: ` before the text |
//! | `thinking` | `reasoning_content` of the assistant |
//! | the signature of that, `redacted_thinking` | what it carries for the provider (see `carried`); dropped if it is Anthropic's |
//! | `tools`: custom | functions |
//! | `tools`: `bash_…`, `text_editor_…` | functions with the input that Anthropic documents for them |
//! | `tools`: any other type, `mcp_servers` | refused: they run at Anthropic, or only its models know them |
//! | `thread`, `compaction` | refused: without them something else would be asked for |
//! | `tool_choice`: `auto`, `any`, `tool`, `none` | `auto`, `required`, the function, `none` |
//! | `disable_parallel_tool_use` | `parallel_tool_calls: false` |
//! | `stop_sequences`, `metadata.user_id` | `stop`, `user` |
//! | `thinking` | `reasoning_effort`: a budget under 4096 tokens is `low`, under 16384 `medium`, else `high`; `adaptive` is `medium`, `disabled` is `none` |
//! | `output_config.effort` | `reasoning_effort`; it wins over a budget, but not over `disabled` |
//! | `output_config.format` | `response_format`, strict if the schema meets the rules of strict ones |
//! | `service_tier`: `auto`, `standard_only` | `auto`, `default` |
//! | `temperature`, `top_p`, `top_k` | the same; `top_k` is known to some providers and not to the chat API |
//! | `cache_control`, and every other field | dropped |
//!
//! An answer. Thoughts come first, then text, then calls of tools. Arguments that are not a JSON object are kept under
//! `INVALID_JSON`. A thought has an empty signature, since only Anthropic can sign and its SDKs ask for a string, or one that
//! carries what the provider wants to see again; without a thought that is a redacted one.

mod answer;
mod ask;
mod carried;
mod notes;
mod reading;
mod request;
mod stop;
mod stream;
mod tokens;
mod usage;

pub use answer::from_chat;
pub use carried::without_carried;
pub use request::to_chat;
pub use stream::Events;
pub use tokens::count_tokens;
