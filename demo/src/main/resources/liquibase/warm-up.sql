--liquibase formatted sql

--changeset shop:warm-up splitStatements:false
CREATE TABLE warm_up (id int);

--changeset shop:warm-up-every-run runAlways:true
SELECT count(*) FROM warm_up;
