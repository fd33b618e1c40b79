-- Keys, teams and whatever else is small, changes seldom and must reach every replica.
CREATE TABLE document (
    kind text NOT NULL,
    id text NOT NULL,
    -- NULL once it is deleted, so that others learn of that.
    json text,
    revision bigint NOT NULL,
    PRIMARY KEY (kind, id)
);

CREATE INDEX document_revision ON document (revision);

-- The number of the last change. Every change begins by counting it up, so that changes become visible in its order.
CREATE TABLE revision (
    one integer PRIMARY KEY CHECK (one = 1),
    number bigint NOT NULL
);

INSERT INTO revision VALUES (1, 0);
