-- One part for each day in UTC, made ahead of need.
CREATE TABLE ledger (
    id UUID NOT NULL,
    at_ms BIGINT NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    team TEXT COLLATE "C" NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    -- The model as the caller named it, and as its provider was asked for it.
    requested TEXT COLLATE "C" NOT NULL,
    model TEXT COLLATE "C" NOT NULL,
    surface TEXT COLLATE "C" NOT NULL,
    stream BOOLEAN NOT NULL,
    status SMALLINT NOT NULL,
    ending TEXT COLLATE "C" NOT NULL,
    attempts INTEGER NOT NULL,
    duration_ms BIGINT NOT NULL,
    first_output_ms BIGINT,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cached_input_tokens BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    cache_write_1h_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    audio_input_tokens BIGINT NOT NULL,
    audio_output_tokens BIGINT NOT NULL,
    image_input_tokens BIGINT NOT NULL,
    image_output_tokens BIGINT NOT NULL,
    -- Pico-dollars; NULL where nobody knows.
    cost_pico BIGINT,
    -- reported, computed, estimated, unknown, or none where no provider was asked.
    cost_source TEXT COLLATE "C" NOT NULL,
    reported_pico BIGINT,
    computed_pico BIGINT,
    -- Which set of prices was used, and its version.
    prices TEXT COLLATE "C",
    -- A JSON object.
    tags TEXT COLLATE "C",
    -- The key that parts the table must be in it; it is what periods are found by, too.
    PRIMARY KEY (at_ms, id)
) PARTITION BY RANGE (at_ms);

-- What the rows of one hour come to. Reports read these, and rows only where an hour is cut. An amount is its micro-dollars
-- and its pico-dollars together, which may be more than a million.
CREATE TABLE usage_hour (
    hour BIGINT NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    team TEXT COLLATE "C" NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    model TEXT COLLATE "C" NOT NULL,
    surface TEXT COLLATE "C" NOT NULL,
    requests BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cached_input_tokens BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    cache_write_1h_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    audio_input_tokens BIGINT NOT NULL,
    audio_output_tokens BIGINT NOT NULL,
    image_input_tokens BIGINT NOT NULL,
    image_output_tokens BIGINT NOT NULL,
    reported_micro BIGINT NOT NULL,
    reported_pico BIGINT NOT NULL,
    computed_micro BIGINT NOT NULL,
    computed_pico BIGINT NOT NULL,
    estimated_micro BIGINT NOT NULL,
    estimated_pico BIGINT NOT NULL,
    unpriced BIGINT NOT NULL,
    PRIMARY KEY (hour, key, team, provider, model, surface)
);

-- How far each journal has been taken over, written together with the rows that came from it, and when.
CREATE TABLE journal (
    name TEXT COLLATE "C" PRIMARY KEY,
    segment BIGINT NOT NULL,
    at_offset BIGINT NOT NULL,
    at_ms BIGINT NOT NULL
);
