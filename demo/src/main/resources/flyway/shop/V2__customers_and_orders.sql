INSERT INTO demo.work VALUES ('begin', 'V2');

CREATE TABLE customer (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email text NOT NULL UNIQUE,
  city text NOT NULL
);

CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customer,
  state order_state NOT NULL DEFAULT 'new',
  total amount NOT NULL,
  placed_on date NOT NULL
);

INSERT INTO customer (email, city)
SELECT 'customer' || n || '@example.org', 'City ' || n % 97
FROM generate_series(1, 5000) n;

INSERT INTO orders (customer_id, state, total, placed_on)
SELECT 1 + n % 5000, (enum_range(NULL::order_state))[1 + n % 4], n % 500, DATE '2025-01-01' + n % 365
FROM generate_series(1, 40000) n;

INSERT INTO demo.work VALUES ('end', 'V2');
