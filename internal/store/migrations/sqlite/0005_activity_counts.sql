-- +goose Up

-- How many requests of each hour came to what, written with the SCIM request log and kept
-- as long: charts read these rows and never the log. A request counts once: what it
-- applied, else no change, refused (4xx) or failed (5xx).
CREATE TABLE activity_counts (
    org_id    TEXT NOT NULL,
    hour      BIGINT NOT NULL,        -- start of the hour, UTC
    applied   BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    refused   BIGINT NOT NULL,
    failed    BIGINT NOT NULL,
    PRIMARY KEY (org_id, hour)
) WITHOUT ROWID;

-- What the log holds already. Status 0 is the log speaking of itself.
INSERT INTO activity_counts (org_id, hour, applied, unchanged, refused, failed)
SELECT org_id, at - at % 3600000000 AS hour,
       sum(CASE WHEN status < 400 AND (method = 'DELETE' OR verdicts LIKE '%"verdict":"applied"%') THEN 1 ELSE 0 END),
       sum(CASE WHEN status < 400 AND NOT (method = 'DELETE' OR verdicts LIKE '%"verdict":"applied"%') THEN 1 ELSE 0 END),
       sum(CASE WHEN status >= 400 AND status < 500 THEN 1 ELSE 0 END),
       sum(CASE WHEN status >= 500 THEN 1 ELSE 0 END)
  FROM scim_requests WHERE status > 0
 GROUP BY org_id, at - at % 3600000000;
