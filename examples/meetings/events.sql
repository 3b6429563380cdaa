-- What happens in meetings: three topics, which events of them are valid, and what is kept of the
-- others. docs/meetings.md says more.
--
--   dataflow sql -f examples/meetings/events.sql -f examples/meetings/metrics.sql

-- Windows begin at full minutes of UTC, and days are UTC's.
SET 'table.local-time-zone' = 'UTC';

-- Who comes and goes. An event that is not JSON, or has a text where a number stands, is not read:
-- it is a dead letter of each view that reads it. `timestamp` is in milliseconds since 1970. Events
-- may be five seconds late; a partition in which nothing happens for two seconds holds up nobody.
CREATE TABLE user_events (
  event_id STRING,
  meeting_id STRING,
  user_id STRING,
  event_type STRING,
  `timestamp` BIGINT,
  ts AS TO_TIMESTAMP_LTZ(`timestamp`, 3),
  arrived TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  `partition` INT METADATA VIRTUAL,
  `offset` BIGINT METADATA VIRTUAL,
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
WITH ('connector' = 'kafka', 'topic' = 'user_events', 'format' = 'json',
  'scan.startup.mode' = 'earliest-offset', 'scan.watermark.idle-timeout' = '2 s');

-- What is said, and with which little picture it is answered.
CREATE TABLE chat_events (
  event_id STRING,
  meeting_id STRING,
  user_id STRING,
  event_type STRING,
  length BIGINT,
  reaction STRING,
  `timestamp` BIGINT,
  ts AS TO_TIMESTAMP_LTZ(`timestamp`, 3),
  arrived TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  `partition` INT METADATA VIRTUAL,
  `offset` BIGINT METADATA VIRTUAL,
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
WITH ('connector' = 'kafka', 'topic' = 'chat_events', 'format' = 'json',
  'scan.startup.mode' = 'earliest-offset', 'scan.watermark.idle-timeout' = '2 s');

-- How good each one's network is, and what is switched on and off.
CREATE TABLE meeting_events (
  event_id STRING,
  meeting_id STRING,
  user_id STRING,
  event_type STRING,
  latency_ms DOUBLE,
  packet_loss DOUBLE,
  state STRING,
  `timestamp` BIGINT,
  ts AS TO_TIMESTAMP_LTZ(`timestamp`, 3),
  arrived TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  `partition` INT METADATA VIRTUAL,
  `offset` BIGINT METADATA VIRTUAL,
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
WITH ('connector' = 'kafka', 'topic' = 'meeting_events', 'format' = 'json',
  'scan.startup.mode' = 'earliest-offset', 'scan.watermark.idle-timeout' = '2 s');

-- Each event with why it is not valid; NULL where it is. The first reason counts.
CREATE VIEW checked_user_events AS
SELECT *, CASE
  WHEN event_id IS NULL THEN 'no event_id'
  WHEN meeting_id IS NULL OR meeting_id = '' THEN 'no meeting_id'
  WHEN user_id IS NULL OR user_id = '' THEN 'no user_id'
  WHEN event_type IS NULL OR event_type NOT IN ('join', 'leave') THEN 'unknown event_type'
  END AS reason
FROM user_events;

CREATE VIEW checked_chat_events AS
SELECT *, CASE
  WHEN event_id IS NULL THEN 'no event_id'
  WHEN meeting_id IS NULL OR meeting_id = '' THEN 'no meeting_id'
  WHEN user_id IS NULL OR user_id = '' THEN 'no user_id'
  WHEN event_type IS NULL OR event_type NOT IN ('message', 'reaction') THEN 'unknown event_type'
  END AS reason
FROM chat_events;

CREATE VIEW checked_meeting_events AS
SELECT *, CASE
  WHEN event_id IS NULL THEN 'no event_id'
  WHEN meeting_id IS NULL OR meeting_id = '' THEN 'no meeting_id'
  WHEN user_id IS NULL OR user_id = '' THEN 'no user_id'
  WHEN event_type IS NULL OR event_type NOT IN ('network_quality', 'screen_share', 'video')
    THEN 'unknown event_type'
  WHEN event_type = 'network_quality' AND latency_ms IS NULL THEN 'no latency_ms'
  WHEN latency_ms < 0 THEN 'latency_ms below 0'
  WHEN packet_loss < 0 OR packet_loss > 1 THEN 'packet_loss not within 0 and 1'
  END AS reason
FROM meeting_events;

-- What can be read and is not valid: why, and where it stands in its topic.
CREATE MATERIALIZED VIEW rejected_events AS
SELECT 'user_events' AS topic, `partition`, `offset`, reason, event_id, meeting_id, event_type,
  arrived, CURRENT_TIMESTAMP AS processing_timestamp,
  CAST(CURRENT_TIMESTAMP AS DATE) AS processing_date
FROM checked_user_events WHERE reason IS NOT NULL
UNION ALL
SELECT 'chat_events', `partition`, `offset`, reason, event_id, meeting_id, event_type, arrived,
  CURRENT_TIMESTAMP, CAST(CURRENT_TIMESTAMP AS DATE)
FROM checked_chat_events WHERE reason IS NOT NULL
UNION ALL
SELECT 'meeting_events', `partition`, `offset`, reason, event_id, meeting_id, event_type, arrived,
  CURRENT_TIMESTAMP, CAST(CURRENT_TIMESTAMP AS DATE)
FROM checked_meeting_events WHERE reason IS NOT NULL;

-- What cannot be read, or came too late for its windows: metrics.sql has it written to this topic.
CREATE TABLE dead_letters (
  pipeline STRING,
  `operator` STRING,
  reason STRING,
  field STRING,
  message STRING,
  source STRING,
  split STRING,
  row_offset BIGINT,
  `time` TIMESTAMP_LTZ(3),
  `row` STRING)
WITH ('connector' = 'kafka', 'topic' = 'meeting_dead_letters', 'format' = 'json',
  'scan.startup.mode' = 'earliest-offset');
