INSERT INTO demo.work VALUES ('begin', 'V5');

CREATE INDEX CONCURRENTLY orders_by_customer ON orders (customer_id, placed_on);

INSERT INTO demo.work VALUES ('end', 'V5');
