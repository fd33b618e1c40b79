CREATE TABLE ledger (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    at_ms INTEGER NOT NULL,
    request_id TEXT NOT NULL,
    key TEXT NOT NULL,
    team TEXT NOT NULL,
    provider TEXT NOT NULL,
    -- The model as the caller named it, and as its provider was asked for it.
    requested TEXT NOT NULL,
    model TEXT NOT NULL,
    surface TEXT NOT NULL,
    stream INTEGER NOT NULL,
    status INTEGER NOT NULL,
    ending TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    first_output_ms INTEGER,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cached_input_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    cache_write_1h_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    audio_input_tokens INTEGER NOT NULL,
    audio_output_tokens INTEGER NOT NULL,
    image_input_tokens INTEGER NOT NULL,
    image_output_tokens INTEGER NOT NULL,
    -- Pico-dollars; NULL where nobody knows.
    cost_pico INTEGER,
    -- reported, computed, estimated, unknown, or none where no provider was asked.
    cost_source TEXT NOT NULL,
    reported_pico INTEGER,
    computed_pico INTEGER,
    -- Which set of prices was used, and its version.
    prices TEXT,
    -- A JSON object.
    tags TEXT
) STRICT;

CREATE INDEX ledger_at ON ledger (at_ms);

-- What the rows of one hour come to. Reports read these, and rows only where an hour is cut. An amount is its micro-dollars
-- and its pico-dollars together, which may be more than a million.
CREATE TABLE usage_hour (
    hour INTEGER NOT NULL,
    key TEXT NOT NULL,
    team TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    surface TEXT NOT NULL,
    requests INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cached_input_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    cache_write_1h_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    audio_input_tokens INTEGER NOT NULL,
    audio_output_tokens INTEGER NOT NULL,
    image_input_tokens INTEGER NOT NULL,
    image_output_tokens INTEGER NOT NULL,
    reported_micro INTEGER NOT NULL,
    reported_pico INTEGER NOT NULL,
    computed_micro INTEGER NOT NULL,
    computed_pico INTEGER NOT NULL,
    estimated_micro INTEGER NOT NULL,
    estimated_pico INTEGER NOT NULL,
    unpriced INTEGER NOT NULL,
    PRIMARY KEY (hour, key, team, provider, model, surface)
) STRICT, WITHOUT ROWID;

-- How far each journal has been taken over, written together with the rows that came from it, and when.
CREATE TABLE journal (
    name TEXT PRIMARY KEY,
    segment INTEGER NOT NULL,
    at_offset INTEGER NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
