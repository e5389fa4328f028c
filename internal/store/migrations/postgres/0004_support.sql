-- +goose Up

-- What people wrote to support (Help, Contact support). Kept when their member is
-- gone. Personal data: the address, and whatever was written or is in the screenshot.
-- Few rows: the operator, who reads those of all organizations, needs no index.
CREATE TABLE support_requests (
    org_id             TEXT COLLATE "C" NOT NULL REFERENCES organizations (org_id),
    id                 TEXT COLLATE "C" NOT NULL,     -- its first bits are the time: also the order
    created_at         BIGINT NOT NULL,
    member_id          TEXT COLLATE "C" NOT NULL,
    email              TEXT COLLATE "C" NOT NULL,     -- of the member at that time
    priority           TEXT COLLATE "C" NOT NULL,     -- low, normal, high
    subject            TEXT COLLATE "C" NOT NULL,
    description        TEXT COLLATE "C" NOT NULL,
    application        TEXT COLLATE "C" NOT NULL,     -- name of the enterprise application, '' for none
    application_id     TEXT COLLATE "C" NOT NULL,     -- and its object id
    screenshot_type    TEXT COLLATE "C" NOT NULL,     -- image/png, image/jpeg; '' for none
    screenshot_width   BIGINT NOT NULL,
    screenshot_height  BIGINT NOT NULL,
    screenshot_bytes   BIGINT NOT NULL,   -- length of screenshot
    screenshot         BYTEA,             -- last: lists do not read it; NULL for none
    PRIMARY KEY (org_id, id)
);
