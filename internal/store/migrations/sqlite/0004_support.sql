-- +goose Up

-- What people wrote to support (Help, Contact support). Kept when their member is
-- gone. Personal data: the address, and whatever was written or is in the screenshot.
-- Few rows: the operator, who reads those of all organizations, needs no index.
CREATE TABLE support_requests (
    org_id             TEXT NOT NULL REFERENCES organizations (org_id),
    id                 TEXT NOT NULL,     -- its first bits are the time: also the order
    created_at         BIGINT NOT NULL,
    member_id          TEXT NOT NULL,
    email              TEXT NOT NULL,     -- of the member at that time
    priority           TEXT NOT NULL,     -- low, normal, high
    subject            TEXT NOT NULL,
    description        TEXT NOT NULL,
    application        TEXT NOT NULL,     -- name of the enterprise application, '' for none
    application_id     TEXT NOT NULL,     -- and its object id
    screenshot_type    TEXT NOT NULL,     -- image/png, image/jpeg; '' for none
    screenshot_width   BIGINT NOT NULL,
    screenshot_height  BIGINT NOT NULL,
    screenshot_bytes   BIGINT NOT NULL,   -- length of screenshot
    screenshot         BLOB,              -- last: lists do not read it; NULL for none
    PRIMARY KEY (org_id, id)
);
