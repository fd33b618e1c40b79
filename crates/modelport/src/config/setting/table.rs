//! The rows of the table of settings.

use super::{Kind, Preset, Setting};

pub(in crate::config) const PREFERRED_PROVIDER: Setting = Setting {
    name: "PREFERRED_PROVIDER",
    kind: Kind::Provider,
    preset: Preset::Value("auto"),
    help: "Where a model goes that nothing else decides, and whose default model is used when a request names none: a provider's id, or auto for the OpenAI-compatible one if it is configured, else Ollama.",
};
pub(in crate::config) const DEFAULT_MODEL: Setting = Setting {
    name: "DEFAULT_MODEL",
    kind: Kind::Text,
    preset: Preset::Unset {
        example: "anthropic/claude-3.5-sonnet",
    },
    help: "Older spelling of the preferred provider's default model; the specific variables win over it.",
};
pub(in crate::config) const ENABLE_PROVIDER_FALLBACK: Setting = Setting {
    name: "ENABLE_PROVIDER_FALLBACK",
    kind: Kind::Switch,
    preset: Preset::Value("true"),
    help: "Whether a request that names no provider may fall over to another one that serves the model.",
};
pub(in crate::config) const HOST: Setting = Setting {
    name: "HOST",
    kind: Kind::Address,
    preset: Preset::Value("127.0.0.1"),
    help: "The address to listen on. Anything but this machine's own wants MODELPORT_API_KEY or MODELPORT_REQUIRE_KEY.",
};
pub(in crate::config) const PORT: Setting = Setting {
    name: "PORT",
    kind: Kind::Port,
    preset: Preset::Value("8000"),
    help: "The port to listen on; 0 takes a free one.",
};
pub(in crate::config) const LOG_LEVEL: Setting = Setting {
    name: "LOG_LEVEL",
    kind: Kind::Level,
    preset: Preset::Value("INFO"),
    help: "How much is logged. DEBUG shows every attempt at a provider; never a secret or a prompt.",
};
pub(in crate::config) const LOG_FORMAT: Setting = Setting {
    name: "MODELPORT_LOG_FORMAT",
    kind: Kind::LogFormat,
    preset: Preset::Value("auto"),
    help: "What a log line looks like: text, json for an object a line, or auto for text on a terminal and json elsewhere.",
};
pub(in crate::config) const API_KEYS: Setting = Setting {
    name: "MODELPORT_API_KEY",
    kind: Kind::Keys,
    preset: Preset::Unset {
        example: "a-long-random-key-of-your-own",
    },
    help: "What callers must show as their API key, at least 8 characters; several are separated by commas. Without it everybody who reaches the port may call.",
};
pub(in crate::config) const REQUIRE_KEY: Setting = Setting {
    name: "MODELPORT_REQUIRE_KEY",
    kind: Kind::Switch,
    preset: Preset::Value("false"),
    help: "Whether callers need a key even where MODELPORT_API_KEY is not set and none has been made with `modelport keys create` yet.",
};
pub(in crate::config) const ADMIN_KEY: Setting = Setting {
    name: "MODELPORT_ADMIN_KEY",
    kind: Kind::Keys,
    preset: Preset::Unset {
        example: "another-long-random-key",
    },
    help: "What must be shown to the admin API under /admin/v1, at least 8 characters; several are separated by commas. Without it that API can only be read, and only from this machine; keys, teams and usage stay closed.",
};
pub(in crate::config) const METRICS: Setting = Setting {
    name: "MODELPORT_METRICS",
    kind: Kind::MetricsAccess,
    preset: Preset::Value("auto"),
    help: "Who may read GET /metrics: open for everybody, key for whoever shows MODELPORT_ADMIN_KEY or a key made with `modelport keys create NAME --endpoint /metrics`, off for nobody, and auto for open where only this machine can reach the port and key elsewhere.",
};
pub(in crate::config) const ALLOW_OPEN: Setting = Setting {
    name: "MODELPORT_ALLOW_OPEN",
    kind: Kind::Switch,
    preset: Preset::Value("false"),
    help: "Allows listening beyond this machine without any key.",
};
pub(in crate::config) const TRUSTED_PROXIES: Setting = Setting {
    name: "MODELPORT_TRUSTED_PROXIES",
    kind: Kind::Networks,
    preset: Preset::Unset {
        example: "10.0.0.0/8,192.0.2.7",
    },
    help: "Proxies in front of the gateway that are believed where a request comes from, which keys with addresses ask for: they must add the address that they were called from to X-Forwarded-For.",
};
pub(in crate::config) const CORS_ORIGINS: Setting = Setting {
    name: "MODELPORT_CORS_ORIGINS",
    kind: Kind::Origins,
    preset: Preset::Unset {
        example: "https://chat.example.com",
    },
    help: "Web pages that may call from a browser.",
};
pub(in crate::config) const BODY_LIMIT: Setting = Setting {
    name: "MODELPORT_BODY_LIMIT",
    kind: Kind::Bytes,
    preset: Preset::Value("64MiB"),
    help: "The largest request body, forms aside.",
};
pub(in crate::config) const UPLOAD_LIMIT: Setting = Setting {
    name: "MODELPORT_UPLOAD_LIMIT",
    kind: Kind::Bytes,
    preset: Preset::Value("1GiB"),
    help: "The largest form: audio to transcribe, images to edit. It is passed on while it arrives, so it takes no memory of its own.",
};
pub(in crate::config) const SHUTDOWN_TIMEOUT: Setting = Setting {
    name: "SHUTDOWN_TIMEOUT",
    kind: Kind::Seconds,
    preset: Preset::Value("30"),
    help: "How long open answers may go on after a signal to stop.",
};
pub(in crate::config) const BUDGET_WEBHOOK: Setting = Setting {
    name: "MODELPORT_BUDGET_WEBHOOK",
    kind: Kind::Webhook,
    preset: Preset::Unset {
        example: "https://hooks.example.com/budgets",
    },
    help: "Where a POST tells that a budget has reached the amount at which it warns. A user and password in it are sent as Basic authentication.",
};
pub(in crate::config) const STREAM_COST: Setting = Setting {
    name: "MODELPORT_STREAM_COST",
    kind: Kind::Switch,
    preset: Preset::Value("false"),
    help: "Whether a comment at the end of a stream tells what it cost, since a header cannot: \": modelport-cost 0.00012 usd computed\", before \"data: [DONE]\". Clients' parsers pass comments by.",
};
pub(in crate::config) const WORKERS: Setting = Setting {
    name: "MODELPORT_WORKERS",
    kind: Kind::Workers,
    preset: Preset::Unset { example: "2" },
    help: "Threads that serve requests; as many as cores when unset.",
};

pub(in crate::config) const CONFIG: Setting = Setting {
    name: "MODELPORT_CONFIG",
    kind: Kind::File,
    preset: Preset::Unset {
        example: "modelport.toml",
    },
    help: "The configuration file, which adds routes, aliases and more to these settings; modelport.toml in the working directory, if there is one, when unset. The option --config wins over it.",
};
pub(in crate::config) const CATALOGUE: Setting = Setting {
    name: "MODELPORT_CATALOGUE",
    kind: Kind::File,
    preset: Preset::Unset {
        example: "catalogue.json",
    },
    help: "A JSON file that says what is so of models, over their provider's listing and the catalogue, value by value: {\"PROVIDER\": {\"MODEL\": {\"max_in\": 128000, \"max_out\": 8192, \"price\": {\"in\": 0.000003, \"out\": 0.000015}, \"caps\": [\"tools\"], \"lacks\": [\"vision\"]}}}. Prices are US dollars per token.",
};

pub(in crate::config) const DATA_DIR: Setting = Setting {
    name: "MODELPORT_DATA_DIR",
    kind: Kind::Directory,
    preset: Preset::Unset {
        example: "/var/lib/modelport",
    },
    help: "Where the ledger of requests and the keys are kept, made if it is missing; ~/.local/state/modelport, or where the user keeps such things, when unset.",
};

pub(in crate::config) const DATABASE_URL: Setting = Setting {
    name: "MODELPORT_DATABASE_URL",
    kind: Kind::Database,
    preset: Preset::Unset {
        example: "postgres://modelport:password@db.example.com:5432/modelport",
    },
    help: "The database of the ledger: a file as sqlite:///path/of/file.db, or a PostgreSQL server, which several gateways may share. A file in the data directory when unset. What waits for the database is kept in the data directory in any case.",
};

pub(in crate::config) const REDIS_URL: Setting = Setting {
    name: "MODELPORT_REDIS_URL",
    kind: Kind::Redis,
    preset: Preset::Unset {
        example: "redis://modelport:password@redis.example.com:6379/0",
    },
    help: "The Redis or Valkey server through which several gateways share their limits and budgets; rediss:// for TLS. Each gateway has its own when unset.",
};
pub(in crate::config) const REDIS_AWAY: Setting = Setting {
    name: "MODELPORT_REDIS_AWAY",
    kind: Kind::Away,
    preset: Preset::Value("local"),
    help: "What becomes of requests with limits while that server does not answer: local lets each gateway go on with its share of every limit, refuse answers them with 503.",
};

pub(in crate::config) const KEEP_DAYS: Setting = Setting {
    name: "MODELPORT_LEDGER_KEEP_DAYS",
    kind: Kind::Days,
    preset: Preset::Value("90"),
    help: "How many days the ledger keeps the row of a request; 0 keeps it for ever. The sums of each hour, which reports are made of, are kept for 400 days, or as long as the rows.",
};
pub(in crate::config) const MAX_SIZE: Setting = Setting {
    name: "MODELPORT_LEDGER_MAX_BYTES",
    kind: Kind::Size,
    preset: Preset::Unset { example: "10GiB" },
    help: "How large the ledger's SQLite file may grow before the oldest rows are deleted, whatever their age; without end when unset. It is nothing to a PostgreSQL server.",
};

pub(in crate::config) const CACHE: Setting = Setting {
    name: "MODELPORT_CACHE",
    kind: Kind::Memory,
    preset: Preset::Unset { example: "256MiB" },
    help: "How much memory answers are kept in, to be given again to the same request; off when unset, and for 0.",
};
pub(in crate::config) const CACHE_STORE: Setting = Setting {
    name: "MODELPORT_CACHE_STORE",
    kind: Kind::CacheStore,
    preset: Preset::Value("memory"),
    help: "Where answers are kept: memory for that of each process, of which MODELPORT_CACHE says how much; redis for the server that MODELPORT_REDIS_URL names, so that several gateways give each other's answers again.",
};
pub(in crate::config) const CACHE_TTL: Setting = Setting {
    name: "MODELPORT_CACHE_TTL",
    kind: Kind::Seconds,
    preset: Preset::Value("300"),
    help: "How long a kept answer is given again.",
};
pub(in crate::config) const CACHE_SCOPE: Setting = Setting {
    name: "MODELPORT_CACHE_SCOPE",
    kind: Kind::Scope,
    preset: Preset::Value("key"),
    help: "Whose answers a caller may be given: key for those of its own key, shared for everybody's. Callers without a key count as one.",
};

pub(super) const GENERIC: [Setting; 14] = [
    Setting {
        name: "OPENAI_COMPATIBLE_ENABLED",
        kind: Kind::Switch,
        preset: Preset::Value("true"),
        help: "Whether this provider is used.",
    },
    Setting {
        name: "OPENAI_COMPATIBLE_API_KEY",
        kind: Kind::Secret,
        preset: Preset::Unset {
            example: "sk-or-v1-0123456789",
        },
        help: "The provider's key. A local server may want none.",
    },
    Setting {
        name: "OPENAI_COMPATIBLE_BASE_URL",
        kind: Kind::BaseUrl,
        preset: Preset::Value("https://openrouter.ai/api/v1"),
        help: "Where its API is: OpenRouter, OpenAI, Together AI, Azure OpenAI or any server that speaks OpenAI's API.",
    },
    Setting {
        name: "OPENAI_COMPATIBLE_DEFAULT_MODEL",
        kind: Kind::Text,
        preset: Preset::Value("anthropic/claude-3.5-sonnet"),
        help: "Used when a request names no model.",
    },
    Setting {
        name: "OPENAI_COMPATIBLE_PROVIDER_NAME",
        kind: Kind::Text,
        preset: Preset::Unset {
            example: "OpenRouter",
        },
        help: "The display name; found from the base URL's host when unset.",
    },
    Setting {
        name: "OPENAI_COMPATIBLE_CUSTOM_HEADERS",
        kind: Kind::Headers,
        preset: Preset::Value("{}"),
        help: "Sent on every call to the provider. An authorization or api-key header here replaces the default one.",
    },
    Setting {
        name: "OPENAI_COMPATIBLE_TIMEOUT",
        kind: Kind::Seconds,
        preset: Preset::Value("30"),
        help: "How long the provider may stay silent: until its answer begins, and between two pieces of it. Not a cap on the whole answer.",
    },
    Setting {
        name: "OPENAI_COMPATIBLE_MAX_RETRIES",
        kind: Kind::Retries,
        preset: Preset::Value("3"),
        help: "Retries after the first attempt, before any byte has reached the client; 0 turns them off.",
    },
    Setting {
        name: "OPENAI_COMPATIBLE_PROFILE",
        kind: Kind::Profile,
        preset: Preset::Unset { example: "vllm" },
        help: "What the provider is, where its host does not tell: vllm, sglang, llama_cpp, lm_studio, tgi, localai, ollama_v1, azure, mistral and so on. Many servers tell it themselves in their listing. Or the path of a file that `modelport probe --write` wrote.",
    },
    Setting {
        name: "OPENAI_COMPATIBLE_PARAMETERS",
        kind: Kind::Policy,
        preset: Preset::Unset { example: "warn" },
        help: "What is done with request fields that the provider does not take: strict refuses the request and names the field, warn maps or drops it and reports that in x-modelport-params, pass sends everything as it came. When unset, warn for a known provider and pass for any other.",
    },
    Setting {
        name: "OPENAI_COMPATIBLE_MODELS",
        kind: Kind::Models,
        preset: Preset::Unset {
            example: "my-chat=gpt-4o,my-embeddings=text-embedding-3-small",
        },
        help: "The models it serves, in place of its listing: ids separated by commas. What follows = is the name that the catalogue knows the model by, as for an Azure deployment.",
    },
    Setting {
        name: "OPENAI_COMPATIBLE_API_VERSION",
        kind: Kind::ApiVersion,
        preset: Preset::Unset {
            example: "2024-10-21",
        },
        help: "Azure's api-version. A date means the classic API with its deployment URLs; v1, preview and latest, as when unset, the newer one.",
    },
    Setting {
        name: "OPENAI_COMPATIBLE_HTTP2",
        kind: Kind::Http2,
        preset: Preset::Value("off"),
        help: "Whether the provider is spoken to with HTTP/2: auto uses it where the provider chooses it on an https:// connection, prior-knowledge always on an http:// one.",
    },
    Setting {
        name: "OPENAI_COMPATIBLE_DISCOUNT",
        kind: Kind::Discount,
        preset: Preset::Unset { example: "15%" },
        help: "What the provider takes off its list prices, which costs are computed from; nothing is taken off a cost that the provider reports.",
    },
];

pub(super) const OLLAMA: [Setting; 9] = [
    Setting {
        name: "OLLAMA_SETTINGS_ENABLED",
        kind: Kind::Switch,
        preset: Preset::Value("true"),
        help: "Whether Ollama is used.",
    },
    Setting {
        name: "OLLAMA_SETTINGS_API_KEY",
        kind: Kind::Secret,
        preset: Preset::Unset {
            example: "0123456789",
        },
        help: "A key; ollama.com wants one, a local server none.",
    },
    Setting {
        name: "OLLAMA_SETTINGS_BASE_URL",
        kind: Kind::OllamaUrl,
        preset: Preset::Value("http://localhost:11434"),
        help: "The server's root. When it is unset, Ollama's own OLLAMA_HOST is honoured.",
    },
    Setting {
        name: "OLLAMA_SETTINGS_DEFAULT_MODEL",
        kind: Kind::Text,
        preset: Preset::Unset {
            example: "llama3.2",
        },
        help: "Used when a request names no model and Ollama is preferred.",
    },
    Setting {
        name: "OLLAMA_SETTINGS_TIMEOUT",
        kind: Kind::Seconds,
        preset: Preset::Value("30"),
        help: "How long the server may stay silent; loading a large model counts.",
    },
    Setting {
        name: "OLLAMA_SETTINGS_MAX_RETRIES",
        kind: Kind::Retries,
        preset: Preset::Value("3"),
        help: "Retries after the first attempt, before any byte has reached the client; 0 turns them off.",
    },
    Setting {
        name: "OLLAMA_SETTINGS_PARAMETERS",
        kind: Kind::Policy,
        preset: Preset::Value("warn"),
        help: "What is done with request fields that Ollama does not take: strict refuses the request and names the field, warn maps or drops it and reports that in x-modelport-params, pass sends everything as it came, which only the OpenAI layer can.",
    },
    Setting {
        name: "OLLAMA_SETTINGS_CHAT_API",
        kind: Kind::ChatApi,
        preset: Preset::Value("native"),
        help: "Where chats go. native translates them to /api/chat, with a context that fits the prompt; openai passes them through to /v1/chat/completions, which cuts a long prompt without a word.",
    },
    Setting {
        name: "OLLAMA_SETTINGS_KEEP_ALIVE",
        kind: Kind::KeepAlive,
        preset: Preset::Unset { example: "10m" },
        help: "How long a model stays loaded after a native chat that does not say so itself: a duration, or -1 for ever, or 0. Left to the server when unset; the server's own variable is not read here.",
    },
];

pub(super) const CHOICE: [Setting; 4] = [
    PREFERRED_PROVIDER,
    DEFAULT_MODEL,
    ENABLE_PROVIDER_FALLBACK,
    CATALOGUE,
];

pub(super) const STORAGE: [Setting; 6] = [
    DATA_DIR,
    DATABASE_URL,
    REDIS_URL,
    REDIS_AWAY,
    KEEP_DAYS,
    MAX_SIZE,
];

pub(super) const KEPT: [Setting; 4] = [CACHE, CACHE_STORE, CACHE_TTL, CACHE_SCOPE];

pub(super) const SERVER: [Setting; 18] = [
    CONFIG,
    HOST,
    PORT,
    LOG_LEVEL,
    LOG_FORMAT,
    API_KEYS,
    REQUIRE_KEY,
    ADMIN_KEY,
    METRICS,
    ALLOW_OPEN,
    TRUSTED_PROXIES,
    CORS_ORIGINS,
    BODY_LIMIT,
    UPLOAD_LIMIT,
    BUDGET_WEBHOOK,
    STREAM_COST,
    SHUTDOWN_TIMEOUT,
    WORKERS,
];
