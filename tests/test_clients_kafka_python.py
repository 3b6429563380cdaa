"""kafka-python 3: a client whose protocol code has nothing in common with librdkafka's."""

import threading

import kafka.errors
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import (
    ConfigResource,
    ConfigResourceType,
    KafkaAdminClient,
    OffsetSpec,
    TransactionState,
)
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.structs import MemberState, OffsetAndMetadata

from eventually import eventually
from kafka_topics import create_topic, read_to_end
from raw_kafka import CODECS, RECENT, stored_codecs

LIMIT_S = 30
PARTITIONS = 4
POLL_MS = 50


@pytest.fixture
def topic(bootstrap, topic_name):
    return create_topic(bootstrap, topic_name, PARTITIONS)


@pytest.fixture
def opened():
    """opened(client) → the client, closed after the test."""
    clients = []

    def keep(client):
        clients.append(client)
        return client

    yield keep
    for client in reversed(clients):
        client.close()


@pytest.fixture
def admin(bootstrap, opened):
    return opened(KafkaAdminClient(bootstrap_servers=bootstrap))


def producer(bootstrap, **config):
    return KafkaProducer(bootstrap_servers=bootstrap, acks="all", **config)


def write(bootstrap, topic, count=10, word="v", **config):
    """`count` records into each partition."""
    sender = producer(bootstrap, **config)
    waiting = [
        sender.send(topic, f"{word}{i}".encode(), partition=p)
        for i in range(count)
        for p in range(PARTITIONS)
    ]
    for future in waiting:
        future.get(LIMIT_S)
    sender.close()


def reader(bootstrap, *topics, **config):
    return KafkaConsumer(
        *topics,
        bootstrap_servers=bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=50,
        isolation_level="read_committed",
        **config,
    )


def read(consumer, count):
    """The next `count` records, and no more in what came with them."""
    found = []

    def poll():
        for records in consumer.poll(100).values():
            found.extend(records)
        return len(found) >= count

    eventually(poll, lambda: f"{count} records, {len(found)} read", LIMIT_S, 0)
    assert len(found) == count
    return found


@pytest.mark.parametrize("codec", CODECS)
def test_every_codec_both_ways(bootstrap, topic, opened, codec):
    sender = opened(
        producer(
            bootstrap,
            compression_type=None if codec == "none" else codec,
            linger_ms=5,
            enable_idempotence=True,
        )
    )
    values = [f"value-{i}-{'abc' * (i % 40)}".encode() for i in range(1000)]
    answers = [
        sender.send(topic, value, key=b"k", headers=[("h", b"1")], partition=2) for value in values
    ]
    sender.flush(LIMIT_S)
    assert [answer.get(LIMIT_S).offset for answer in answers] == list(range(1000))
    consumer = opened(reader(bootstrap))
    place = TopicPartition(topic, 2)
    consumer.assign([place])
    got = read(consumer, 1000)
    assert [record.value for record in got] == values
    assert got[0].key == b"k" and list(got[0].headers) == [("h", b"1")]
    assert consumer.beginning_offsets([place]) == {place: 0} and consumer.end_offsets([place]) == {
        place: 1000
    }
    assert codec in stored_codecs(bootstrap, topic, PARTITIONS)
    # and librdkafka reads the same.
    assert [m.value() for m in read_to_end(bootstrap, topic, PARTITIONS)] == values


def test_offsets_for_times(bootstrap, topic, opened):
    sender = opened(producer(bootstrap))
    for i in range(10):
        sender.send(topic, b"v", partition=0, timestamp_ms=RECENT + 10 * i).get(LIMIT_S)
    consumer, place = opened(reader(bootstrap)), TopicPartition(topic, 0)
    found = consumer.offsets_for_times({place: RECENT + 45})[place]
    assert (found.offset, found.timestamp) == (5, RECENT + 50)


class Member(threading.Thread):
    """A member of a group. kafka-python's consumers belong to one thread.

    Version 3.0.12 throws an assignment away that arrives between two polls, which a busy machine
    brings about again and again: if the join was asked for by the group it joins once more (and as
    the leader rebalances everybody); if it came from a change in the topic's metadata it never joins
    again and sends no heartbeats. So a member knows its topic's metadata before its first poll,
    and a poll that did not live to see the assignment is followed by a longer one."""

    def __init__(self, bootstrap, topic, assignor, **config):
        super().__init__(daemon=True)
        self.bootstrap, self.topic = bootstrap, topic
        self.config = {
            "partition_assignment_strategy": [assignor],
            "heartbeat_interval_ms": 100,
            **config,
        }
        self.assigned, self.seen, self.stopping = set(), set(), threading.Event()

    def run(self):
        consumer = reader(self.bootstrap, self.topic, group_id=self.topic + "-g", **self.config)
        eventually(lambda: self.topic in consumer.topics(), "the topic's metadata", LIMIT_S)
        patience_ms = POLL_MS
        while not self.stopping.is_set():
            for place, records in consumer.poll(patience_ms).items():
                self.seen |= {(place.partition, record.offset) for record in records}
            self.assigned = {place.partition for place in consumer.assignment()}
            if self.assigned:
                try:
                    consumer.commit()
                except (kafka.errors.CommitFailedError, kafka.errors.RebalanceInProgressError):
                    pass  # a rebalance came between; the next owner reads on from the last commit
            joined = consumer.group_metadata().state is MemberState.STABLE
            patience_ms = POLL_MS if joined else min(2 * patience_ms, 1000 * LIMIT_S // 2)
        consumer.close(autocommit=False)
        self.assigned = set()

    def leave(self):
        self.stopping.set()
        self.join(LIMIT_S)
        assert not self.is_alive()


def shared_out(*members):
    def check():
        owned = [p for member in members for p in member.assigned]
        return sorted(owned) == list(range(PARTITIONS)) and all(
            member.assigned for member in members
        )

    eventually(
        check,
        lambda: f"the partitions shared out, now {[sorted(m.assigned) for m in members]}",
        LIMIT_S,
    )


# This client's sticky assignors leave partitions without an owner, against Apache Kafka too;
# librdkafka's and Java's stand in for them.
@pytest.mark.parametrize("assignor", [RangePartitionAssignor, RoundRobinPartitionAssignor])
def test_members_join_and_leave(bootstrap, topic, admin, assignor):
    write(bootstrap, topic)
    first, second = (Member(bootstrap, topic, assignor) for _ in range(2))
    try:
        first.start()
        shared_out(first)
        second.start()
        shared_out(first, second)
        group = admin.describe_groups([topic + "-g"])[topic + "-g"]
        assert group["group_state"] == "Stable" and len(group["members"]) == 2
        first.leave()
        shared_out(second)
        write(bootstrap, topic, word="w")
        everything = {(p, i) for p in range(PARTITIONS) for i in range(20)}
        eventually(lambda: first.seen | second.seen == everything, "every record", LIMIT_S)
    finally:
        first.leave()
        second.leave()
    eventually(
        lambda: admin.describe_groups([topic + "-g"])[topic + "-g"]["group_state"] == "Empty",
        "nobody left",
    )


def test_static_member_keeps_its_place(bootstrap, topic, admin):
    def member():
        made = Member(
            bootstrap,
            topic,
            RangePartitionAssignor,
            group_instance_id="one",
            session_timeout_ms=20_000,
        )
        made.start()
        shared_out(made)
        return made

    member().leave()
    members = admin.describe_groups([topic + "-g"])[topic + "-g"]["members"]
    assert [m["group_instance_id"] for m in members] == ["one"]
    member().leave()


def test_transactions_commit_and_abort(bootstrap, topic, admin, opened):
    sender = opened(producer(bootstrap, transactional_id=topic + "-tx"))
    sender.init_transactions()
    for number in range(6):
        sender.begin_transaction()
        for p in range(PARTITIONS):
            sender.send(topic, f"t{number}".encode(), partition=p)
        if number == 4:
            sender.flush(LIMIT_S)
            (description,) = admin.describe_transactions([topic + "-tx"]).values()
            assert description.state == TransactionState.ONGOING
            assert {place.partition for place in description.topic_partitions} == set(
                range(PARTITIONS)
            )
            assert topic + "-tx" in [
                t.transactional_id for t in sum(admin.list_transactions().values(), [])
            ]
            state = admin.describe_producers([TopicPartition(topic, 0)])[TopicPartition(topic, 0)]
            (active,) = state.active_producers
            assert (active.producer_id, active.current_transaction_start_offset) == (
                description.producer_id,
                8,
            )
        if number % 2:
            sender.flush(LIMIT_S)
            sender.abort_transaction()
        else:
            sender.commit_transaction()
    consumer = opened(reader(bootstrap))
    consumer.assign([TopicPartition(topic, p) for p in range(PARTITIONS)])
    assert sorted(r.value for r in read(consumer, 3 * PARTITIONS)) == sorted(
        [b"t0", b"t2", b"t4"] * PARTITIONS
    )


def test_offsets_go_with_their_transaction(bootstrap, topic, opened):
    write(bootstrap, topic, 5)
    consumer = opened(reader(bootstrap, topic, group_id=topic + "-g", heartbeat_interval_ms=100))
    assert len(read(consumer, 5 * PARTITIONS)) == 5 * PARTITIONS
    sender = opened(producer(bootstrap, transactional_id=topic + "-tx"))
    sender.init_transactions()
    place = TopicPartition(topic, 0)

    def end(offset, finish):
        sender.begin_transaction()
        sender.send_offsets_to_transaction(
            {place: OffsetAndMetadata(offset, "", -1)}, consumer.group_metadata()
        )
        finish()
        return consumer.committed(place)

    assert end(3, sender.commit_transaction) == 3
    assert end(5, sender.abort_transaction) == 3


def test_topics_partitions_and_settings(bootstrap, topic_name, admin):
    admin.create_topics(
        {
            topic_name: {
                "num_partitions": 2,
                "replication_factor": 1,
                "configs": {"retention.ms": "99"},
            }
        },
        wait_for_metadata=True,
    )
    assert topic_name in admin.list_topics()
    with pytest.raises(kafka.errors.TopicAlreadyExistsError):
        admin.create_topics([topic_name])
    resource = ConfigResource(ConfigResourceType.TOPIC, topic_name)

    def setting(name):
        answer = admin.describe_configs([resource], config_filter="all")
        return answer["topic"][topic_name][name]["value"]

    assert setting("retention.ms") == "99"
    admin.alter_configs(
        [ConfigResource(ConfigResourceType.TOPIC, topic_name, configs={"retention.ms": "100000"})]
    )
    eventually(lambda: setting("retention.ms") == "100000", "the new setting")
    # AlterConfigs, which leaves nothing of the settings that it does not name.
    admin.alter_configs(
        [ConfigResource(ConfigResourceType.TOPIC, topic_name, configs={"segment.ms": "5000"})],
        incremental=False,
    )
    eventually(lambda: setting("segment.ms") == "5000", "the new setting")
    admin.create_partitions({topic_name: 3})
    (described,) = admin.describe_topics([topic_name])
    assert len(described["partitions"]) == 3
    admin.delete_topics([topic_name])
    eventually(lambda: topic_name not in admin.list_topics(), "the topic is gone")


def test_cluster_log_dirs_and_acls(bootstrap, topic, admin):
    write(bootstrap, topic)
    cluster = admin.describe_cluster()
    assert cluster["cluster_id"] and len(cluster["brokers"]) == 1
    found = [
        t
        for log_dirs in [admin.describe_log_dirs()]
        for t in str(log_dirs).split("'")
        if t == topic
    ]
    assert found, "the topic's size is told"


def test_offsets_and_records(bootstrap, topic, admin):
    write(bootstrap, topic, 10)
    place = TopicPartition(topic, 1)

    def at(spec):
        return admin.list_partition_offsets({place: spec})[place].offset

    assert (at(OffsetSpec.EARLIEST), at(OffsetSpec.LATEST)) == (0, 10)
    answer = admin.delete_records({place: 6})
    assert answer[place]["low_watermark"] == 6 and at(OffsetSpec.EARLIEST) == 6


def test_groups(bootstrap, topic, admin, opened):
    write(bootstrap, topic, 5)
    place, group = TopicPartition(topic, 1), topic + "-g"
    consumer = opened(reader(bootstrap, group_id=group))
    consumer.assign([place])
    consumer.commit({place: OffsetAndMetadata(3, "here", -1)})
    assert group in [g["group_id"] for g in admin.list_groups()]
    assert admin.list_group_offsets(group)[group][place][:2] == (3, "here")
    admin.alter_group_offsets(group, {place: OffsetAndMetadata(1, "", -1)})
    assert admin.list_group_offsets(group)[group][place].offset == 1
    admin.delete_group_offsets(group, [place])
    assert place not in admin.list_group_offsets(group)[group]
    assert admin.delete_groups([group]) == {group: "OK"}
    assert group not in [g["group_id"] for g in admin.list_groups()]
