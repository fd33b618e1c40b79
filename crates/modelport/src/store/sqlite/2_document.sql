-- Keys, teams and whatever else is small, changes seldom and must reach every replica.
CREATE TABLE document (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    -- NULL once it is deleted, so that others learn of that.
    json TEXT,
    revision INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX document_revision ON document (revision);

-- The number of the last change. Every change begins by counting it up, so that changes become visible in its order.
CREATE TABLE revision (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    number INTEGER NOT NULL
) STRICT;

INSERT INTO revision VALUES (1, 0);
