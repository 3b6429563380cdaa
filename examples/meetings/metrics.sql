-- The metrics of meetings, from the valid events of events.sql: every 30 seconds, and of the last
-- 60 seconds every 15. docs/meetings.md says what each one means.

SET 'table.local-time-zone' = 'UTC';

-- Who is in a meeting is what his last event there says, in order of event time: a join of
-- someone who is in, or a leave of someone who is not, changes nothing.
CREATE VIEW presence AS
SELECT meeting_id, ts, CASE
  WHEN event_type = 'join' AND (was IS NULL OR was = 'leave') THEN 1
  WHEN event_type = 'leave' AND was = 'join' THEN -1
  ELSE 0 END AS change
FROM (
  SELECT meeting_id, ts, event_type,
    LAG(event_type) OVER (PARTITION BY meeting_id, user_id ORDER BY ts) AS was
  FROM checked_user_events WHERE reason IS NULL);

-- All valid events, enriched: when they were processed, and on which day.
CREATE VIEW valid_events AS
SELECT *, CURRENT_TIMESTAMP AS processing_timestamp,
  CAST(CURRENT_TIMESTAMP AS DATE) AS processing_date
FROM (
  SELECT meeting_id, 'presence' AS event_type, ts, change,
    CAST(NULL AS DOUBLE) AS latency_ms, CAST(NULL AS DOUBLE) AS packet_loss FROM presence
  UNION ALL
  SELECT meeting_id, event_type, ts, 0, CAST(NULL AS DOUBLE), CAST(NULL AS DOUBLE)
  FROM checked_chat_events WHERE reason IS NULL
  UNION ALL
  SELECT meeting_id, event_type, ts, 0, latency_ms, packet_loss
  FROM checked_meeting_events WHERE reason IS NULL);

-- Each with how many are in its meeting once it has happened.
CREATE VIEW events_with_users AS
SELECT *, SUM(change) OVER (PARTITION BY meeting_id ORDER BY ts) AS users_now
FROM valid_events;

-- Dead letters of the next view are kept in a topic; those of the one behind it would be the same.
SET 'sql.dead-letters' = 'meeting_dead_letters';

CREATE MATERIALIZED VIEW meeting_metrics_30s AS
SELECT
  meeting_id, window_start, window_end, active_users, event_count, message_count, reaction_count,
  -- The mean of the window's samples, each of one weight. NULL without any.
  avg_latency_ms,
  packet_loss,
  -- 0 to 100; interactions i are messages, and reactions by half, a user a minute: 100 i / (i + 1).
  -- So 50 is one message a minute from each user. 0 where nobody is there.
  CASE WHEN active_users = 0 OR interactions = 0 THEN 0E0
    ELSE 100E0 * interactions / (interactions + active_users * 0.5E0) END AS engagement_score,
  -- By the window's mean latency and loss; without a sample nobody knows.
  CASE
    WHEN avg_latency_ms IS NULL THEN 'unknown'
    WHEN avg_latency_ms >= 400 OR packet_loss >= 0.05 THEN 'poor'
    WHEN avg_latency_ms >= 150 OR packet_loss >= 0.01 THEN 'fair'
    ELSE 'good' END AS meeting_health,
  DATE_FORMAT(window_start, 'yyyy-MM-dd') AS date_partition,
  processed_at
FROM (
  SELECT meeting_id, window_start, window_end,
    -- How many were in at the window's last event: unique users, joins less leaves since the
    -- meeting began.
    LAST_VALUE(users_now) AS active_users,
    COUNT(*) AS event_count,
    COUNT(*) FILTER (WHERE event_type = 'message') AS message_count,
    COUNT(*) FILTER (WHERE event_type = 'reaction') AS reaction_count,
    AVG(latency_ms) AS avg_latency_ms,
    AVG(packet_loss) AS packet_loss,
    COUNT(*) FILTER (WHERE event_type = 'message')
      + 0.5E0 * COUNT(*) FILTER (WHERE event_type = 'reaction') AS interactions,
    MAX(processing_timestamp) AS processed_at
  FROM TABLE(TUMBLE(TABLE events_with_users, DESCRIPTOR(ts), INTERVAL '30' SECOND))
  GROUP BY meeting_id, window_start, window_end);

RESET 'sql.dead-letters';

-- The same of the last minute, every quarter of one.
CREATE MATERIALIZED VIEW meeting_metrics_60s AS
SELECT
  meeting_id, window_start, window_end, active_users, event_count, message_count, reaction_count,
  avg_latency_ms,
  packet_loss,
  CASE WHEN active_users = 0 OR interactions = 0 THEN 0E0
    ELSE 100E0 * interactions / (interactions + active_users * 1E0) END AS engagement_score,
  CASE
    WHEN avg_latency_ms IS NULL THEN 'unknown'
    WHEN avg_latency_ms >= 400 OR packet_loss >= 0.05 THEN 'poor'
    WHEN avg_latency_ms >= 150 OR packet_loss >= 0.01 THEN 'fair'
    ELSE 'good' END AS meeting_health,
  DATE_FORMAT(window_start, 'yyyy-MM-dd') AS date_partition,
  processed_at
FROM (
  SELECT meeting_id, window_start, window_end,
    LAST_VALUE(users_now) AS active_users,
    COUNT(*) AS event_count,
    COUNT(*) FILTER (WHERE event_type = 'message') AS message_count,
    COUNT(*) FILTER (WHERE event_type = 'reaction') AS reaction_count,
    AVG(latency_ms) AS avg_latency_ms,
    AVG(packet_loss) AS packet_loss,
    COUNT(*) FILTER (WHERE event_type = 'message')
      + 0.5E0 * COUNT(*) FILTER (WHERE event_type = 'reaction') AS interactions,
    MAX(processing_timestamp) AS processed_at
  FROM TABLE(HOP(TABLE events_with_users, DESCRIPTOR(ts),
    INTERVAL '15' SECOND, INTERVAL '60' SECOND))
  GROUP BY meeting_id, window_start, window_end);

-- What the next view keeps of windows is never asked for again a day later. One task
-- writes the ten rows in the order of their places.
SET 'table.exec.state.ttl' = '1 d';
SET 'parallelism.default' = '1';

-- The ten meetings with the highest scores of the newest minute; of equals the one with more users.
CREATE MATERIALIZED VIEW busiest_meetings (PRIMARY KEY (top) NOT ENFORCED) AS
SELECT top, meeting_id, active_users AS users, message_count AS messages,
  CAST(engagement_score AS DECIMAL(4, 1)) AS score,
  CAST(avg_latency_ms AS DECIMAL(8, 1)) AS latency, meeting_health AS health,
  DATE_FORMAT(window_end, 'HH:mm:ss') AS until
FROM (
  SELECT m.*, ROW_NUMBER() OVER (
    ORDER BY engagement_score DESC, active_users DESC, meeting_id) AS top
  FROM meeting_metrics_60s AS m
  JOIN (SELECT MAX(window_end) AS newest FROM meeting_metrics_60s) AS l ON m.window_end = l.newest)
WHERE top <= 10;
