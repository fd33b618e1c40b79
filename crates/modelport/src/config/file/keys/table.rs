//! The rows of the table of keys.

use modelport_provider::capability::Capability;

use super::{Block, Key, Shape, TRACES};
use crate::config::setting::{
    self, ADMIN_KEY, ALLOW_OPEN, API_KEYS, BODY_LIMIT, BUDGET_WEBHOOK, CACHE_SCOPE, CACHE_STORE,
    CACHE_TTL, CATALOGUE, CORS_ORIGINS, DATA_DIR, DATABASE_URL, DEFAULT_MODEL,
    ENABLE_PROVIDER_FALLBACK, HOST, KEEP_DAYS, LOG_FORMAT, LOG_LEVEL, MAX_SIZE, METRICS, PORT,
    PREFERRED_PROVIDER, REDIS_AWAY, REDIS_URL, REQUIRE_KEY, SHUTDOWN_TIMEOUT, STREAM_COST,
    TRUSTED_PROXIES, UPLOAD_LIMIT, WORKERS, field,
};

const LEVELS: [&str; 5] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"];
const SCOPES: [&str; 2] = ["key", "shared"];

/// Where kept answers may be.
const STORES: [&str; 2] = ["memory", "redis"];
const PARAMETERS: [&str; 3] = ["strict", "warn", "pass"];
const PERCENT: Shape = Shape::Whole {
    least: 0,
    most: 100,
};
const RETRIES: Shape = Shape::Whole {
    least: 0,
    most: modelport_provider::settings::MAX_MAX_RETRIES,
};
const DAYS: Shape = Shape::Whole {
    least: 0,
    most: 36_500,
};
const WEIGHT: Shape = Shape::Whole {
    least: 1,
    most: 1000,
};
const TOKENS: Shape = Shape::Whole {
    least: 0,
    most: u32::MAX,
};
const REQUESTS: Shape = Shape::Whole {
    least: 0,
    most: 1_000_000,
};

pub(in crate::config::file) static TOP: Block = Block {
    name: "",
    help: "The top of the file.",
    keys: &[
        Key::variable("catalogue", Shape::Path, CATALOGUE.name),
        Key::own("server", Shape::Table(&SERVER), SERVER.help),
        Key::own("storage", Shape::Table(&STORAGE), STORAGE.help),
        Key::own("cache", Shape::Table(&CACHE), CACHE.help),
        Key::own("traces", Shape::Table(&TRACES), TRACES.help),
        Key::own("defaults", Shape::Table(&DEFAULTS), DEFAULTS.help),
        Key::own("providers", Shape::Tables(&PROVIDER), PROVIDER.help),
        Key::own("routes", Shape::Tables(&ROUTE), ROUTE.help),
        Key::own("limits", Shape::Tables(&LIMIT), LIMIT.help),
        Key::own(
            "aliases",
            Shape::Strings,
            "Other names: each key is a name that requests may use, its value provider:model, a route's name or a model.",
        ),
    ],
};

pub(in crate::config::file) static SERVER: Block = Block {
    name: "server",
    help: "The server itself: where it listens, who may call, how much it takes.",
    keys: &[
        Key::variable("host", Shape::Text, HOST.name)
            .help_is("The address to listen on. Anything but this machine's own wants api_keys or require_key."),
        Key::variable(
            "port",
            Shape::Whole {
                least: 0,
                most: 65535,
            },
            PORT.name,
        ),
        Key::variable("api_keys", Shape::Secrets, API_KEYS.name)
            .help_is("What callers must show as their API key, at least 8 characters each. Without them everybody who reaches the port may call."),
        Key::variable("require_key", Shape::Switch, REQUIRE_KEY.name)
            .help_is("Whether callers need a key even where there are no api_keys and none has been made with `modelport keys create` yet."),
        Key::variable("admin_keys", Shape::Secrets, ADMIN_KEY.name)
            .help_is("What must be shown to the admin API under /admin/v1, at least 8 characters each. Without them that API is closed."),
        Key::variable(
            "metrics",
            Shape::Choice(&["auto", "open", "key", "off"]),
            METRICS.name,
        )
        .help_is("Who may read GET /metrics: open for everybody, key for whoever shows one of admin_keys or a key made with `modelport keys create NAME --endpoint /metrics`, off for nobody, and auto for open where only this machine can reach the port and key elsewhere."),
        Key::variable("allow_open", Shape::Switch, ALLOW_OPEN.name),
        Key::variable("trusted_proxies", Shape::Texts, TRUSTED_PROXIES.name),
        Key::variable("cors_origins", Shape::Texts, CORS_ORIGINS.name),
        Key::variable("body_limit", Shape::Bytes, BODY_LIMIT.name),
        Key::variable("upload_limit", Shape::Bytes, UPLOAD_LIMIT.name),
        Key::variable("budget_webhook", Shape::Secret, BUDGET_WEBHOOK.name),
        Key::variable("stream_cost", Shape::Switch, STREAM_COST.name),
        Key::variable("shutdown_timeout", Shape::Seconds, SHUTDOWN_TIMEOUT.name),
        Key::variable(
            "workers",
            Shape::Whole {
                least: 1,
                most: 1024,
            },
            WORKERS.name,
        ),
        Key::variable("log_level", Shape::Choice(&LEVELS), LOG_LEVEL.name),
        Key::variable(
            "log_format",
            Shape::Choice(&["auto", "text", "json"]),
            LOG_FORMAT.name,
        ),
    ],
};

pub(in crate::config::file) static STORAGE: Block = Block {
    name: "storage",
    help: "What is kept, and where.",
    keys: &[
        Key::variable("data_dir", Shape::Path, DATA_DIR.name),
        Key::variable("database_url", Shape::Secret, DATABASE_URL.name),
        Key::variable("redis_url", Shape::Secret, REDIS_URL.name),
        Key::variable(
            "redis_away",
            Shape::Choice(&["local", "refuse"]),
            REDIS_AWAY.name,
        ),
        Key::variable("keep_days", DAYS, KEEP_DAYS.name),
        Key::variable("max_size", Shape::Bytes, MAX_SIZE.name),
    ],
};

pub(in crate::config::file) static CACHE: Block = Block {
    name: "cache",
    help: "Answers that are kept and given again to the same request.",
    keys: &[
        Key::variable("max_bytes", Shape::Bytes, setting::CACHE.name),
        Key::variable("store", Shape::Choice(&STORES), CACHE_STORE.name),
        Key::variable("ttl", Shape::Seconds, CACHE_TTL.name),
        Key::variable("scope", Shape::Choice(&SCOPES), CACHE_SCOPE.name),
    ],
};

pub(in crate::config::file) static DEFAULTS: Block = Block {
    name: "defaults",
    help: "Which provider is preferred, and what holds for providers and routes that do not say it themselves.",
    keys: &[
        Key::variable("provider", Shape::Text, PREFERRED_PROVIDER.name)
            .help_is("Where a model goes that nothing else decides, and whose default model is used when a request names none: a provider's id, or auto for the first one that is configured and no Ollama, else an Ollama."),
        Key::variable("model", Shape::Text, DEFAULT_MODEL.name)
            .help_is("The preferred provider's default model, unless that one has its own."),
        Key::variable("fallback", Shape::Switch, ENABLE_PROVIDER_FALLBACK.name),
        Key::own(
            "timeout",
            Shape::Seconds,
            "The timeout of providers that do not say theirs.",
        )
        .preset_is("30"),
        Key::own(
            "max_retries",
            RETRIES,
            "The max_retries of providers that do not say theirs.",
        )
        .preset_is("3"),
        Key::own(
            "parameters",
            Shape::Choice(&PARAMETERS),
            "The parameters of providers that do not say theirs.",
        ),
        Key::own(
            "retry_share",
            PERCENT,
            "The retry_share of routes that do not say theirs.",
        )
        .preset_is("20"),
    ],
};

pub(in crate::config::file) static PROVIDER: Block = Block {
    name: "providers",
    help: "One provider. The ids that the environment makes (openai_compatible, openrouter, ollama, openai_compatible_x) are those providers, and the environment wins.",
    keys: &[
        Key::own(
            "id",
            Shape::Text,
            "Its name in provider:model: a lower-case letter, then up to 63 lower-case letters, digits, - and _.",
        )
        .required(),
        Key::own(
            "kind",
            Shape::Choice(&["openai_compatible", "ollama"]),
            "The protocol it speaks.",
        )
        .preset_is("openai_compatible"),
        Key::field("base_url", Shape::Text, field::BASE_URL)
            .help_is("Where its API is; for an Ollama its root. Need not be said where the id or profile is a known provider's, such as groq.")
            .preset_is(""),
        Key::field("api_key", Shape::Secret, field::API_KEY)
            .help_is("The provider's key, best as \"${VARIABLE}\" or \"file:/run/secrets/name\". A local server may want none."),
        Key::own(
            "api_keys",
            Shape::Keys,
            "Several keys in place of one, each a text or { key = \"…\", weight = 2 }; requests are shared out among them.",
        ),
        Key::field("name", Shape::Text, field::PROVIDER_NAME),
        Key::field("default_model", Shape::Text, field::DEFAULT_MODEL).preset_is(""),
        Key::field("headers", Shape::Headers, field::CUSTOM_HEADERS).preset_is(""),
        Key::field("timeout", Shape::Seconds, field::TIMEOUT),
        Key::field("max_retries", RETRIES, field::MAX_RETRIES),
        Key::field("parameters", Shape::Choice(&PARAMETERS), field::PARAMETERS),
        Key::field("profile", Shape::Profile, field::PROFILE),
        Key::field("models", Shape::Texts, field::MODELS)
            .help_is("The models it serves, in place of its listing. What follows = is the name that the catalogue knows the model by, as for an Azure deployment: [\"chat=gpt-4o\"]."),
        Key::field("api_version", Shape::Text, field::API_VERSION),
        Key::field(
            "http2",
            Shape::Choice(&["off", "auto", "prior-knowledge"]),
            field::HTTP2,
        ),
        Key::field("discount", Shape::Share, field::DISCOUNT),
        Key::field(
            "chat_api",
            Shape::Choice(&["native", "openai"]),
            field::CHAT_API,
        ),
        Key::field("keep_alive", Shape::Text, field::KEEP_ALIVE),
        Key::field("enabled", Shape::Switch, field::ENABLED),
        Key::own(
            "concurrency",
            Shape::Whole {
                least: 1,
                most: 1_000_000,
            },
            "The most requests it gets at once.",
        ),
        Key::own(
            "queue",
            REQUESTS,
            "The most requests that wait where concurrency is used up; 0 lets none wait.",
        )
        .preset_is("100"),
        Key::own(
            "patience",
            Shape::Seconds,
            "The longest time that a request waits so.",
        )
        .preset_is("30"),
    ],
};

pub(in crate::config::file) static API_KEY: Block = Block {
    name: "providers.api_keys",
    help: "One key of several.",
    keys: &[
        Key::own(
            "key",
            Shape::Secret,
            "The key, best as \"${VARIABLE}\" or \"file:/run/secrets/name\".",
        )
        .required(),
        Key::own("weight", WEIGHT, "Its share of the requests.").preset_is("1"),
    ],
};

pub(in crate::config::file) static ROUTE: Block = Block {
    name: "routes",
    help: "Who answers for a model's name. Exact names are looked at before patterns, longer patterns before shorter ones.",
    keys: &[
        Key::own(
            "model",
            Shape::Text,
            "The name that requests ask for, or a pattern in which * stands for any text.",
        )
        .required(),
        Key::own("policy", POLICY, POLICY_HELP).preset_is("priority"),
        Key::own("sticky", Shape::Text, STICKY_HELP).preset_is("conversation"),
        Key::own("targets", Shape::Targets(&TARGET), TARGETS_HELP),
        Key::own(
            "groups",
            Shape::Tables(&GROUP),
            "Several groups in place of policy and targets; the next one is tried when all targets of one have failed.",
        ),
        Key::own(
            "retry_share",
            PERCENT,
            "The most attempts beyond the first of each request, in percent of the route's requests. A quiet route is lent up to 10, which its requests repay first.",
        )
        .preset_is("20"),
        Key::own(
            "timeout",
            Shape::Seconds,
            "How long a request may take from its arrival to its first output, over all attempts.",
        ),
        Key::own(
            "hedge",
            Shape::SwitchOr(&HEDGE),
            "Whether a second target is asked as well when the first one is slow to begin.",
        )
        .preset_is("false"),
        Key::own(
            "continue_streams",
            Shape::Switch,
            "Whether a chat's stream of plain text whose target dies goes on from the next one, which is asked with the text so far. For targets that go on from an assistant's message at the end.",
        )
        .preset_is("false"),
    ],
};

const POLICIES: [&str; 7] = [
    "priority",
    "weighted",
    "round-robin",
    "least-busy",
    "latency",
    "cost",
    "sticky",
];
const POLICY: Shape = Shape::Choice(&POLICIES);
const POLICY_HELP: &str = "The rule that orders the targets: priority as written; weighted by chance and weight; round-robin in turn; least-busy; latency, the faster of two drawn ones; cost, the cheapest for the request; sticky, the same for requests that belong together.";
const STICKY_HELP: &str = "What makes requests belong together, for the policy sticky: conversation (its system prompt and first message), user, or header:NAME.";
const TARGETS_HELP: &str = "Who answers: \"provider:model\"; \"provider\" alone for the model that was asked for; or a table with conditions.";

const AMOUNT: Shape = Shape::Whole {
    least: 1,
    most: u32::MAX,
};

pub(in crate::config::file) static LIMIT: Block = Block {
    name: "limits",
    help: "How much all requests together, those to one provider or those for some models may use. Keys and teams have limits of their own.",
    keys: &[
        Key::own(
            "provider",
            Shape::Text,
            "The provider, by its id, that this is a limit of.",
        ),
        Key::own(
            "model",
            Shape::Text,
            "The name that requests ask for, or a pattern in which * stands for any text, that this is a limit of.",
        ),
        Key::own("requests_per_minute", AMOUNT, "Requests in a minute."),
        Key::own("requests_per_day", AMOUNT, "Requests in a day."),
        Key::own(
            "tokens_per_minute",
            AMOUNT,
            "Tokens, in and out, in a minute.",
        ),
        Key::own("tokens_per_day", AMOUNT, "Tokens, in and out, in a day."),
        Key::own(
            "input_tokens_per_minute",
            AMOUNT,
            "Input tokens in a minute.",
        ),
        Key::own(
            "output_tokens_per_minute",
            AMOUNT,
            "Output tokens in a minute.",
        ),
        Key::own("concurrency", AMOUNT, "Requests under way at once."),
        Key::own(
            "budgets",
            Shape::Texts,
            "Money for a window, in US dollars: \"AMOUNT/WINDOW\", with a window of day, week, month, total or the last days as 30d, in UTC; \"100/month warn=80\" warns at 80, and \"100/month soft\" refuses nothing.",
        ),
    ],
};

pub(in crate::config::file) static GROUP: Block = Block {
    name: "routes.groups",
    help: "Targets among which one policy chooses.",
    keys: &[
        Key::own(
            "when",
            Shape::Table(&CONDITION),
            "The requests that its targets take: those that meet all of this, and the target's own conditions.",
        ),
        Key::own("policy", POLICY, POLICY_HELP).preset_is("priority"),
        Key::own("sticky", Shape::Text, STICKY_HELP).preset_is("conversation"),
        Key::own("targets", Shape::Targets(&TARGET), TARGETS_HELP).required(),
    ],
};

pub(in crate::config::file) static TARGET: Block = Block {
    name: "routes.targets",
    help: "One model at one provider.",
    keys: &[
        Key::own(
            "target",
            Shape::Text,
            "provider:model, or provider alone for the model that was asked for.",
        )
        .required(),
        Key::own(
            "weight",
            WEIGHT,
            "Its share, for the policies that know shares.",
        )
        .preset_is("1"),
        Key::own(
            "when",
            Shape::Table(&CONDITION),
            "The requests that it takes: those that meet all of this.",
        ),
    ],
};

fn capabilities() -> Vec<&'static str> {
    Capability::ALL.map(Capability::as_str).to_vec()
}

pub(in crate::config::file) static CONDITION: Block = Block {
    name: "routes.targets.when",
    help: "Which requests a target or a group takes.",
    keys: &[
        Key::own(
            "needs",
            Shape::Words(capabilities),
            "Abilities that the request must need, all of them.",
        ),
        Key::own(
            "headers",
            Shape::Headers,
            "Headers that the request must have, with these values.",
        ),
        Key::own(
            "key_tags",
            Shape::Strings,
            "Tags that the caller's key or its team must have, with these values, in which * stands for any text.",
        ),
        Key::own(
            "min_input_tokens",
            TOKENS,
            "The fewest input tokens, by estimate.",
        ),
        Key::own(
            "max_input_tokens",
            TOKENS,
            "The most input tokens, by estimate.",
        ),
    ],
};

pub(in crate::config::file) static HEDGE: Block = Block {
    name: "routes.hedge",
    help: "When a second target is asked beside a slow first one.",
    keys: &[
        Key::own(
            "after",
            Shape::Seconds,
            "After this time without output; when unset, after what 95 of 100 requests to the target take.",
        ),
        Key::own(
            "max_share",
            Shape::Whole {
                least: 1,
                most: 100,
            },
            "The most second attempts, in percent of the route's requests. A quiet route is lent up to 10, which its requests repay first.",
        )
        .preset_is("10"),
    ],
};
