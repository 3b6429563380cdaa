CREATE TABLE nexmark (
  event_type INT,
  person ROW<id BIGINT, name VARCHAR, `emailAddress` VARCHAR, city VARCHAR, state VARCHAR,
    `dateTime` TIMESTAMP(3), extra VARCHAR>,
  auction ROW<id BIGINT, `initialBid` BIGINT, expires TIMESTAMP(3), category BIGINT>,
  bid ROW<auction BIGINT, bidder BIGINT, price BIGINT, channel VARCHAR, `dateTime` TIMESTAMP(3)>,
  `dateTime` AS CASE
    WHEN event_type = 0 THEN person.`dateTime`
    WHEN event_type = 1 THEN auction.expires
    ELSE bid.`dateTime`
  END,
  WATERMARK FOR `dateTime` AS `dateTime` - INTERVAL '4' SECOND
) WITH (
  'connector' = 'nexmark',
  'first-event.rate' = '10000',
  'events.num' = '100000'
);
CREATE VIEW person AS SELECT person.id, person.name, `dateTime` FROM nexmark WHERE event_type = 0;
CREATE TEMPORARY VIEW IF NOT EXISTS bid (auction, bidder, price COMMENT 'in cents') COMMENT 'bids'
  AS SELECT bid.auction, bid.bidder, bid.price FROM nexmark WHERE event_type = 2;
