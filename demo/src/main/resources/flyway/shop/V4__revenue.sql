INSERT INTO demo.work VALUES ('begin', 'V4');

CREATE MATERIALIZED VIEW revenue AS
SELECT placed_on, channel, count(*) AS orders, sum(total) AS total
FROM orders
GROUP BY placed_on, channel;

INSERT INTO demo.work VALUES ('end', 'V4');
