"""confluent-kafka (librdkafka): producing, consuming and transactions. Groups and admin calls have
their own files."""

import pytest
from confluent_kafka import (
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec

from eventually import eventually
from kafka_topics import create_topic, produce_all, read_to_end
from raw_kafka import CODECS, RECENT, RawClient, stored_codecs

LIMIT_S = 30


def texts(messages):
    return [message.value().decode() for message in messages]


def transactional(bootstrap, transactional_id, **config):
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "transactional.id": transactional_id,
            "linger.ms": 1,
            "transaction.timeout.ms": 60_000,
            **{key.replace("_", "."): value for key, value in config.items()},
        }
    )
    producer.init_transactions(LIMIT_S)
    return producer


def consumer(bootstrap, group, **config):
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 50,
            "isolation.level": "read_committed",
            **{key.replace("_", "."): value for key, value in config.items()},
        }
    )


def read_one(reader):
    message = eventually(lambda: reader.poll(0.5), "a message", LIMIT_S, 0)
    assert message.error() is None, message.error()
    return message


@pytest.fixture
def topic(bootstrap, topic_name):
    return create_topic(bootstrap, topic_name)


@pytest.mark.parametrize("codec", CODECS)
def test_idempotent_producer_with_every_codec(bootstrap, topic_name, codec):
    topic = create_topic(bootstrap, topic_name, 2)
    values = [f"value-{i}-{'abc' * (i % 50)}" for i in range(3000)]
    for partition in range(2):
        produce_all(
            bootstrap, topic, values, partition, compression_type=codec, enable_idempotence=True
        )
    messages = read_to_end(bootstrap, topic, 2, check_crcs=True)
    for partition in range(2):
        own = [m for m in messages if m.partition() == partition]
        assert texts(own) == values
        assert [m.offset() for m in own] == list(range(3000))
    assert codec in stored_codecs(bootstrap, topic, 2)


@pytest.mark.parametrize("acks", ["0", "1", "all"])
def test_each_kind_of_acknowledgement(bootstrap, topic, acks):
    produce_all(bootstrap, topic, [f"v{i}" for i in range(500)], acks=acks)
    # acks=0 says nothing back: the records come, but later.
    eventually(lambda: len(read_to_end(bootstrap, topic)) == 500, f"500 records with acks={acks}")


def test_reports_say_where_each_record_is(bootstrap, topic):
    reports = []
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all"})
    for i in range(10):
        producer.produce(
            topic,
            f"v{i}",
            key=f"k{i}",
            headers=[("h", str(i).encode()), ("empty", None)],
            timestamp=RECENT + i,
            on_delivery=lambda error, message: reports.append((error, message.offset())),
        )
    assert producer.flush(LIMIT_S) == 0
    assert reports == [(None, i) for i in range(10)]
    for i, message in enumerate(read_to_end(bootstrap, topic)):
        assert (message.key(), message.value()) == (f"k{i}".encode(), f"v{i}".encode())
        assert message.headers() == [("h", str(i).encode()), ("empty", None)]
        assert message.timestamp()[1] == RECENT + i


def test_append_time_replaces_the_producers(bootstrap, topic_name):
    topic = create_topic(bootstrap, topic_name, message_timestamp_type="LogAppendTime")
    producer = Producer({"bootstrap.servers": bootstrap})
    producer.produce(topic, "v", timestamp=1_000)
    assert producer.flush(LIMIT_S) == 0
    kind, when = read_to_end(bootstrap, topic)[0].timestamp()
    assert kind == 2 and when > 1_600_000_000_000, "LogAppendTime"


def test_record_over_the_limit_is_refused_alone(bootstrap, topic_name):
    topic = create_topic(bootstrap, topic_name, max_message_bytes=10_000)
    reports = []
    producer = Producer(
        {"bootstrap.servers": bootstrap, "linger.ms": 0, "message.max.bytes": 1_000_000}
    )
    for value in ("before", "x" * 50_000, "after"):
        producer.produce(
            topic, value, on_delivery=lambda error, _message: reports.append(error and error.code())
        )
        assert producer.flush(LIMIT_S) == 0
    assert reports == [None, KafkaError.MSG_SIZE_TOO_LARGE, None]
    assert texts(read_to_end(bootstrap, topic)) == ["before", "after"]


def test_offsets_for_times_and_watermarks(bootstrap, topic):
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 0})
    for i in range(20):
        producer.produce(topic, f"v{i}", timestamp=RECENT + 10 * i)
    assert producer.flush(LIMIT_S) == 0
    reader = consumer(bootstrap, topic + "-g")
    try:
        assert reader.get_watermark_offsets(TopicPartition(topic, 0), LIMIT_S) == (0, 20)

        def at(time):
            return reader.offsets_for_times([TopicPartition(topic, 0, time)], LIMIT_S)[0].offset

        assert at(RECENT + 95) == 10
        assert at(1) == 0
        assert at(1_800_000_000_000) == -1, "nothing is that young"
    finally:
        reader.close()


def test_offset_out_of_range_goes_where_the_client_wants(bootstrap, topic):
    produce_all(bootstrap, topic, ["a", "b", "c"])
    reader = consumer(bootstrap, topic + "-g")
    try:
        reader.assign([TopicPartition(topic, 0, 1000)])
        assert read_one(reader).offset() == 0
    finally:
        reader.close()


def test_committed_and_aborted_transactions(bootstrap, topic_name):
    topic = create_topic(bootstrap, topic_name, 2)
    producer = transactional(bootstrap, topic + "-tx")
    expected, everything = [], []
    for number in range(12):
        producer.begin_transaction()
        values = [f"t{number}-{i}" for i in range(20)]
        for i, value in enumerate(values):
            producer.produce(topic, value, partition=i % 2)
        if number % 3 == 2:
            # Only what was sent can be seen as aborted.
            assert producer.flush(LIMIT_S) == 0
            producer.abort_transaction(LIMIT_S)
        else:
            producer.commit_transaction(LIMIT_S)
            expected += values
        everything += values
    committed = read_to_end(bootstrap, topic, 2)
    for partition in range(2):
        assert texts(m for m in committed if m.partition() == partition) == [
            v for v in expected if int(v.split("-")[1]) % 2 == partition
        ]
    assert sorted(texts(read_to_end(bootstrap, topic, 2, "read_uncommitted"))) == sorted(everything)


def test_open_transaction_holds_readers_of_committed_records_back(bootstrap, topic):
    produce_all(bootstrap, topic, ["before"])
    producer = transactional(bootstrap, topic + "-tx")
    producer.begin_transaction()
    producer.produce(topic, "within")
    assert producer.flush(LIMIT_S) == 0
    produce_all(bootstrap, topic, ["beside"])
    assert texts(read_to_end(bootstrap, topic)) == ["before"]
    assert texts(read_to_end(bootstrap, topic, 1, "read_uncommitted")) == [
        "before",
        "within",
        "beside",
    ]
    admin = AdminClient({"bootstrap.servers": bootstrap})
    place = TopicPartition(topic, 0)
    for level, end in ((1, 1), (0, 3)):
        answer = admin.list_offsets(
            {place: OffsetSpec.latest()}, isolation_level=IsolationLevel(level)
        )
        assert answer[place].result(LIMIT_S).offset == end
    reader = consumer(bootstrap, topic + "-g")
    try:
        reader.assign([TopicPartition(topic, 0, 1)])
        producer.commit_transaction(LIMIT_S)
        assert [read_one(reader).value() for _ in range(2)] == [b"within", b"beside"]
    finally:
        reader.close()


def test_second_producer_of_a_transactional_id_fences_the_first(bootstrap, topic):
    first = transactional(bootstrap, topic + "-tx")
    first.begin_transaction()
    first.produce(topic, "of the first")
    assert first.flush(LIMIT_S) == 0
    second = transactional(bootstrap, topic + "-tx")
    second.begin_transaction()
    second.produce(topic, "of the second")
    second.commit_transaction(LIMIT_S)
    with pytest.raises(KafkaException) as refused:
        first.produce(topic, "too late")
        first.commit_transaction(LIMIT_S)
    assert (
        refused.value.args[0].fatal() or refused.value.args[0].code() == KafkaError._FENCED
    ), refused.value
    assert texts(read_to_end(bootstrap, topic)) == ["of the second"]


def test_transaction_that_takes_too_long_is_aborted(bootstrap, topic):
    producer = transactional(bootstrap, topic + "-tx", transaction_timeout_ms=1000)
    producer.begin_transaction()
    producer.produce(topic, "too slow")
    assert producer.flush(LIMIT_S) == 0
    produce_all(bootstrap, topic, ["beside"])
    eventually(lambda: texts(read_to_end(bootstrap, topic)) == ["beside"], "the abort", 60, 0.1)
    with pytest.raises(KafkaException):
        producer.commit_transaction(LIMIT_S)


def test_transaction_timeout_over_the_maximum_is_refused(bootstrap, topic):
    with pytest.raises(KafkaException) as refused:
        transactional(bootstrap, topic + "-tx", transaction_timeout_ms=2_000_000_000)
    assert refused.value.args[0].code() == KafkaError.INVALID_TRANSACTION_TIMEOUT


def test_offsets_commit_and_abort_with_their_transaction(bootstrap, topic_name):
    source, sink = create_topic(bootstrap, topic_name + "-in"), create_topic(
        bootstrap, topic_name + "-out"
    )
    produce_all(bootstrap, source, [f"v{i}" for i in range(10)])
    reader = consumer(bootstrap, source + "-g")
    producer = transactional(bootstrap, source + "-tx")

    def stored():
        return reader.committed([TopicPartition(source, 0)], LIMIT_S)[0].offset

    def copy(count, end):
        producer.begin_transaction()
        for _ in range(count):
            producer.produce(sink, read_one(reader).value())
        producer.send_offsets_to_transaction(
            reader.position([TopicPartition(source, 0)]), reader.consumer_group_metadata(), LIMIT_S
        )
        assert producer.flush(LIMIT_S) == 0
        end(LIMIT_S)

    try:
        reader.subscribe([source])
        copy(4, producer.commit_transaction)
        assert stored() == 4
        copy(3, producer.abort_transaction)
        assert stored() == 4
        reader.seek(TopicPartition(source, 0, 4))
        copy(6, producer.commit_transaction)
        assert stored() == 10
    finally:
        reader.close()
    assert texts(read_to_end(bootstrap, sink)) == [f"v{i}" for i in range(10)]


def test_stored_batches_keep_the_producers_bytes(bootstrap, topic):
    """A fetch offset inside a batch returns the whole batch, as it was sent."""
    produce_all(
        bootstrap, topic, [f"v{i}" for i in range(100)], linger_ms=100, compression_type="lz4"
    )
    with RawClient(bootstrap) as client:
        first = client.batches(topic)[0]
        assert first.count > 1, "one batch of many records"
        _error, _high, raw = client.fetch(topic, 0, first.base_offset + first.count - 1)
        assert raw.startswith(first.raw)
