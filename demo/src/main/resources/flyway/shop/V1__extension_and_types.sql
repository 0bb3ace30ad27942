INSERT INTO demo.work VALUES ('begin', 'V1');

CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TYPE order_state AS ENUM ('new', 'paid', 'shipped', 'returned');

CREATE DOMAIN amount AS numeric(12, 2) CHECK (value >= 0);

INSERT INTO demo.work VALUES ('end', 'V1');
