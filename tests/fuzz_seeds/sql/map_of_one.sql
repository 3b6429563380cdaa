SELECT MAP(a), `MAP`(a, b, c) FROM t;
