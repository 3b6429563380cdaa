INSERT INTO q1 SELECT auction, bidder, 0.908 * price AS price, `dateTime`, extra FROM bid;
INSERT INTO q2 SELECT auction, price FROM bid WHERE MOD(auction, 123) = 0;
INSERT INTO q3 SELECT P.name, P.city, P.state, A.id FROM auction AS A
  INNER JOIN person AS P ON A.seller = P.id
  WHERE A.category = 10 AND (P.state = 'OR' OR P.state = 'ID' OR P.state = 'CA');
INSERT INTO q4 SELECT Q.category, AVG(Q.final) FROM (
  SELECT MAP(B.price) AS final, A.category FROM auction A, bid B
  WHERE A.id = B.auction AND B.`dateTime` BETWEEN A.`dateTime` AND A.expires
  GROUP BY A.id, A.category) Q GROUP BY Q.category;
INSERT INTO q5 SELECT AuctionBids.auction, AuctionBids.num FROM (
  SELECT auction, count(2) AS num, window_start AS starttime, window_end AS endtime
  FROM TABLE(HOP(TABLE bid, DESTRCIPOR(`dateTime`), INTERVAL '2' SECOND, INTERVAL '10' SECOND))
  GROUP BY auction, window_start, window_end) AS AuctionBids
JOIN (SELECT max(CountBids.num) AS maxn, Cndtime
  FROM (SELECT count(*) AS num, window_start AS starttime, window_end AS endtime FROM TABLE(
    HOP(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '2' SECOND, INTERVAL '10' SECOND))
    GROUP BY auction, window_start, window_end) AS CountBids
  GROUP BY CountBids.starttime, CountBids.endtime) AS MaxBids
ON AuctionBids.starttime = MaxBids.starttime AND AuctionBids.endtime = MaxBids.endtime
  AND AuctionBids.num >= MaxBids.maxn;
INSERT INTO q9 SELECT id, bidder, price FROM (
  SELECT A.*, B.bidder, B.price,
    ROW_NUMBER() OVER (PARTITION BY A.id ORDER BY B.price DESC, B.`dateTime` ASC) AS rownum
  FROM auction A, bid B WHERE A.id = B.auction) WHERE rownum <= 1;
INSERT INTO q10 SELECT auction, DATE_FORMAT(`dateTime`, 'yyyy-MM-dd'), 'k' FROM bid;
INSERT INTO q11 SELECT bidder, count(*) AS bid_count, SESSION_START(ts, INTERVAL '10' SECOND)
  FROM bid GROUP BY bidder, SESSION(ts, INTERVAL '10' SECOND);
INSERT INTO q13 SELECT B.auction, S.`value` FROM (SELECT *, PROCTIME() AS p_time FROM bid) B
  JOIN side_input FOR SYSTEM_TIME AS OF B.p_time AS S ON mod(B.auction, 10000) = S.key;
INSERT INTO q14 SELECT auction, CASE WHEN HOUR(`dateTime`) >= 8 AND HOUR(`dateTime`) <= 18 THEN 'day'
  WHEN HOUR(`dateTime`) <= 6 OR HOUR(`dateTime`) >= 20 THEN 'night' ELSE 'other' END AS bidTimeType
  FROM bid WHERE 0.908 * price > 1000000 AND 0.908 * price < 50000000;
INSERT INTO q15 SELECT DATE_FORMAT(`dateTime`, 'yyyy-MM-dd') AS `day`, count(*) AS total_bids,
  count(*) FILTER (WHERE price < 10000) AS rank1_bids,
  count(distinct bidder) FILTER (WHERE price >= 10000 AND price < 1000000) AS rank2_bidders
  FROM bid GROUP BY DATE_FORMAT(`dateTime`, 'yyyy-MM-dd');
INSERT INTO q21 SELECT auction, REGEXP_EXTRACT(url, '(&|^)channel_id=([^&]*)', 2) AS channel_id FROM bid
  WHERE REGEXP_EXTRACT(url, '(&|^)channel_id=([^&]*)', 2) IS NOT NULL OR lower(channel) IN ('apple', 'google');
INSERT INTO q22 SELECT SPLIT_INDEX(url, '/', 3) AS dir1 FROM bid;
