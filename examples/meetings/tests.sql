-- What the metrics say of a few events that one can count by hand.
--
--   dataflow sql -f examples/meetings/tests.sql       behind events.sql and metrics.sql

SET 'table.local-time-zone' = 'UTC';

-- Ann joins twice, Bob leaves without having come, Cem comes and goes. A message and two reactions
-- of one user in half a minute: i = 2 / 1 / 0.5 = 4, 100 * 4 / 5.
CREATE TEST presence_and_engagement
GIVEN user_events (event_id, meeting_id, user_id, event_type, `timestamp`) VALUES
  ('1', 'm', 'ann', 'join', 1000), ('2', 'm', 'ann', 'join', 2000),
  ('3', 'm', 'bob', 'leave', 3000), ('4', 'm', 'cem', 'join', 4000),
  ('5', 'm', 'cem', 'leave', 5000)
GIVEN chat_events (event_id, meeting_id, user_id, event_type, `timestamp`) VALUES
  ('6', 'm', 'ann', 'message', 6000), ('7', 'm', 'ann', 'reaction', 7000),
  ('8', 'm', 'ann', 'reaction', 8000)
EXPECT SELECT meeting_id, active_users, event_count, message_count, reaction_count, avg_latency_ms,
  engagement_score, meeting_health FROM meeting_metrics_30s
VALUES ('m', 1, 8, 1, 2, NULL, 80.0, 'unknown');

-- Nobody is there: no score, whatever is said. 400 ms are poor, one of a hundred lost is fair.
CREATE TEST nobody_and_health
GIVEN chat_events (event_id, meeting_id, user_id, event_type, `timestamp`) VALUES
  ('1', 'empty', 'ann', 'message', 1000)
GIVEN meeting_events
  (event_id, meeting_id, user_id, event_type, latency_ms, packet_loss, `timestamp`) VALUES
  ('2', 'slow', 'bob', 'network_quality', 300, 0.0, 1000),
  ('3', 'slow', 'bob', 'network_quality', 500, 0.0, 2000),
  ('4', 'lossy', 'cem', 'network_quality', 20, 0.01, 1000),
  ('5', 'quick', 'dan', 'network_quality', 149, NULL, 1000)
EXPECT SELECT meeting_id, active_users, avg_latency_ms, packet_loss, engagement_score,
  meeting_health FROM meeting_metrics_30s
VALUES ('empty', 0, NULL, NULL, 0.0, 'unknown'), ('slow', 0, 400.0, 0.0, 0.0, 'poor'),
  ('lossy', 0, 20.0, 0.01, 0.0, 'fair'), ('quick', 0, 149.0, NULL, 0.0, 'good');

-- What is not valid is rejected with its first reason, and counts nowhere.
CREATE TEST rejected
GIVEN meeting_events
  (event_id, meeting_id, user_id, event_type, latency_ms, packet_loss, `timestamp`) VALUES
  ('1', NULL, 'ann', 'network_quality', -1, 0.0, 1000),
  ('2', 'm', 'ann', 'network_quality', -1, 0.0, 1000),
  ('3', 'm', 'ann', 'network_quality', 1, 1.5, 1000),
  ('4', 'm', 'ann', 'dance', NULL, NULL, 1000),
  ('5', 'm', 'ann', 'network_quality', NULL, NULL, 1000),
  ('6', 'm', 'ann', 'video', NULL, NULL, 1000)
EXPECT SELECT event_id, reason FROM rejected_events
VALUES ('1', 'no meeting_id'), ('2', 'latency_ms below 0'), ('3', 'packet_loss not within 0 and 1'),
  ('4', 'unknown event_type'), ('5', 'no latency_ms')
EXPECT SELECT event_count FROM meeting_metrics_30s VALUES (1);
