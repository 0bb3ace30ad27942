GRANT SELECT ON ALL TABLES IN SCHEMA shop TO reporting;

CREATE OR REPLACE FUNCTION revenue_of(channel_name text) RETURNS numeric
LANGUAGE sql STABLE
AS $$ SELECT sum(total) FROM revenue WHERE channel = channel_name $$;

GRANT EXECUTE ON FUNCTION revenue_of(text) TO reporting;

REFRESH MATERIALIZED VIEW revenue;
