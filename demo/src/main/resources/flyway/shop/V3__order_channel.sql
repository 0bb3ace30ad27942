INSERT INTO demo.work VALUES ('begin', 'V3');

ALTER TABLE orders ADD COLUMN channel text;

UPDATE orders SET channel = CASE id % 3 WHEN 0 THEN 'web' WHEN 1 THEN 'app' ELSE 'shop' END;

ALTER TABLE orders ALTER COLUMN channel SET NOT NULL;

CREATE INDEX customer_email_search ON customer USING gin (email gin_trgm_ops);

INSERT INTO demo.work VALUES ('end', 'V3');
