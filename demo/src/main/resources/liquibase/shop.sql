--liquibase formatted sql

--changeset shop:schema-and-types splitStatements:false
INSERT INTO demo.work VALUES ('begin', 'schema-and-types');

CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE SCHEMA shop;

CREATE TYPE shop.order_state AS ENUM ('new', 'paid', 'shipped', 'returned');

CREATE DOMAIN shop.amount AS numeric(12, 2) CHECK (value >= 0);

INSERT INTO demo.work VALUES ('end', 'schema-and-types');

--changeset shop:customers-and-orders splitStatements:false
INSERT INTO demo.work VALUES ('begin', 'customers-and-orders');

CREATE TABLE shop.customer (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email text NOT NULL UNIQUE,
  city text NOT NULL
);

CREATE TABLE shop.orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES shop.customer,
  state shop.order_state NOT NULL DEFAULT 'new',
  total shop.amount NOT NULL,
  placed_on date NOT NULL
);

INSERT INTO shop.customer (email, city)
SELECT 'customer' || n || '@example.org', 'City ' || n % 97
FROM generate_series(1, 5000) n;

INSERT INTO shop.orders (customer_id, state, total, placed_on)
SELECT 1 + n % 5000, (enum_range(NULL::shop.order_state))[1 + n % 4], n % 500,
       DATE '2025-01-01' + n % 365
FROM generate_series(1, 40000) n;

INSERT INTO demo.work VALUES ('end', 'customers-and-orders');

--changeset shop:order-channel splitStatements:false
INSERT INTO demo.work VALUES ('begin', 'order-channel');

ALTER TABLE shop.orders ADD COLUMN channel text;

UPDATE shop.orders SET channel = CASE id % 3 WHEN 0 THEN 'web' WHEN 1 THEN 'app' ELSE 'shop' END;

ALTER TABLE shop.orders ALTER COLUMN channel SET NOT NULL;

CREATE INDEX customer_email_search ON shop.customer USING gin (email gin_trgm_ops);

INSERT INTO demo.work VALUES ('end', 'order-channel');

--changeset shop:revenue splitStatements:false
INSERT INTO demo.work VALUES ('begin', 'revenue');

CREATE MATERIALIZED VIEW shop.revenue AS
SELECT placed_on, channel, count(*) AS orders, sum(total) AS total
FROM shop.orders
GROUP BY placed_on, channel;

INSERT INTO demo.work VALUES ('end', 'revenue');

--changeset shop:every-run-begin runAlways:true
--comment: in a transaction of its own, so that the row stays even if the work fails
INSERT INTO demo.work VALUES ('begin', 'every run');

--changeset shop:every-run runAlways:true splitStatements:false
GRANT USAGE ON SCHEMA shop TO reporting;

GRANT SELECT ON ALL TABLES IN SCHEMA shop TO reporting;

CREATE OR REPLACE FUNCTION shop.revenue_of(channel_name text) RETURNS numeric
LANGUAGE sql STABLE
AS $$ SELECT sum(total) FROM shop.revenue WHERE channel = channel_name $$;

GRANT EXECUTE ON FUNCTION shop.revenue_of(text) TO reporting;

REFRESH MATERIALIZED VIEW shop.revenue;

--changeset shop:every-run-end runAlways:true
INSERT INTO demo.work VALUES ('end', 'every run');
