"""confluent-kafka: consumer groups whose members come and go."""

import threading

import pytest
from confluent_kafka import Consumer, ConsumerGroupState, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions

from eventually import eventually
from kafka_topics import create_topic, produce_all

LIMIT_S = 30
PARTITIONS = 6
SESSION_MS = 6000


class Member:
    """One consumer of a group, polled by a thread of its own."""

    def __init__(self, bootstrap, group, topic, **config):
        self.assigned, self.seen, self.lost, self.problems = set(), [], 0, []
        self.consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": group,
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                "session.timeout.ms": SESSION_MS,
                "heartbeat.interval.ms": 100,
                "fetch.wait.max.ms": 50,
                "topic.metadata.refresh.interval.ms": 500,
                **{key.replace("_", "."): value for key, value in config.items()},
            }
        )
        self.cooperative = "cooperative" in config.get("partition_assignment_strategy", "")
        self.consumer.subscribe(
            [topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
        )
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _on_assign(self, _consumer, partitions):
        own = {p.partition for p in partitions}
        self.assigned = self.assigned | own if self.cooperative else own

    def _on_revoke(self, _consumer, partitions):
        self.assigned = self.assigned - {p.partition for p in partitions}

    def _on_lost(self, _consumer, partitions):
        self.lost += 1
        self.assigned = self.assigned - {p.partition for p in partitions}

    def _run(self):
        while not self.stopping.is_set():
            message = self.consumer.poll(0.05)
            if message is None:
                continue
            if message.error() is not None:
                self.problems.append(message.error())
                continue
            self.seen.append((message.partition(), message.offset()))
            try:
                self.consumer.commit(message, asynchronous=False)
            except KafkaException as error:
                # A rebalance came between: whoever has the partition now reads the record again.
                self.problems.append(error.args[0])

    def stop_polling(self):
        """Ends the thread; the group knows nothing of it."""
        self.stopping.set()
        self.thread.join(LIMIT_S)
        assert not self.thread.is_alive()

    def leave(self):
        self.stop_polling()
        self.consumer.close()


@pytest.fixture
def topic(bootstrap, topic_name):
    return create_topic(bootstrap, topic_name, PARTITIONS)


@pytest.fixture
def join(bootstrap, topic):
    """join(**config) → a Member of the topic's group."""
    members = []

    def start(**config):
        member = Member(bootstrap, topic + "-g", topic, **config)
        members.append(member)
        return member

    yield start
    for member in members:
        if not member.stopping.is_set():
            member.leave()


def shared_out(*members):
    """Each partition with exactly one member, none without any."""

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


def committed(bootstrap, topic):
    with_group = Consumer({"bootstrap.servers": bootstrap, "group.id": topic + "-g"})
    try:
        answer = with_group.committed(
            [TopicPartition(topic, p) for p in range(PARTITIONS)], LIMIT_S
        )
        return [max(place.offset, 0) for place in answer]
    finally:
        with_group.close()


@pytest.mark.parametrize("strategy", ["range", "roundrobin", "cooperative-sticky"])
def test_members_join_and_leave(bootstrap, topic, join, strategy):
    def write(word):
        for partition in range(PARTITIONS):
            produce_all(bootstrap, topic, [f"{word}-{i}" for i in range(20)], partition)

    write("first")
    one = join(partition_assignment_strategy=strategy)
    shared_out(one)
    two = join(partition_assignment_strategy=strategy)
    three = join(partition_assignment_strategy=strategy)
    shared_out(one, two, three)
    write("second")
    two.leave()
    shared_out(one, three)
    write("third")
    eventually(
        lambda: committed(bootstrap, topic) == [60] * PARTITIONS,
        lambda: f"all read, committed {committed(bootstrap, topic)}",
        LIMIT_S,
        0.1,
    )
    one.leave()
    shared_out(three)
    three.leave()
    seen = {place for member in (one, two, three) for place in member.seen}
    # At least once, by whoever had the partition.
    assert seen == {(partition, offset) for partition in range(PARTITIONS) for offset in range(60)}
    admin = AdminClient({"bootstrap.servers": bootstrap})
    group = admin.describe_consumer_groups([topic + "-g"])[topic + "-g"].result(LIMIT_S)
    assert group.state == ConsumerGroupState.EMPTY and not group.members


def test_cooperative_members_keep_what_they_have(join):
    one = join(partition_assignment_strategy="cooperative-sticky")
    shared_out(one)
    two = join(partition_assignment_strategy="cooperative-sticky")
    shared_out(one, two)
    kept = set(one.assigned)
    assert len(kept) == PARTITIONS // 2
    two.leave()
    shared_out(one)
    assert kept <= one.assigned and one.lost == 0


def test_static_member_comes_back_without_a_rebalance(bootstrap, topic, join):
    first = join(group_instance_id="one", session_timeout_ms=20_000)
    second = join(group_instance_id="two", session_timeout_ms=20_000)
    shared_out(first, second)
    before, others = set(first.assigned), set(second.assigned)
    admin = AdminClient({"bootstrap.servers": bootstrap})

    def describe():
        return admin.describe_consumer_groups([topic + "-g"])[topic + "-g"].result(LIMIT_S)

    # A static member does not say that it leaves.
    first.leave()
    assert {m.group_instance_id for m in describe().members} == {"one", "two"}
    again = join(group_instance_id="one", session_timeout_ms=20_000)
    eventually(lambda: again.assigned == before, "the same partitions as before", LIMIT_S)
    assert second.assigned == others, "the other one was left alone"
    group = describe()
    assert group.state == ConsumerGroupState.STABLE
    owned = {
        m.group_instance_id: {p.partition for p in m.assignment.topic_partitions}
        for m in group.members
    }
    assert owned == {"one": before, "two": others}


def test_second_member_of_the_same_instance_fences_the_first(join):
    first = join(group_instance_id="same", session_timeout_ms=20_000)
    shared_out(first)
    second = join(group_instance_id="same", session_timeout_ms=20_000)
    shared_out(second)
    eventually(
        lambda: any(
            p.code() in (KafkaError.FENCED_INSTANCE_ID, KafkaError._FATAL) for p in first.problems
        ),
        lambda: f"the first is fenced: {first.problems}",
        LIMIT_S,
    )
    first.leave()


def test_member_that_stops_polling_loses_its_partitions(join):
    one = join()
    silent = join(max_poll_interval_ms=SESSION_MS, session_timeout_ms=SESSION_MS)
    shared_out(one, silent)
    silent.stop_polling()
    eventually(
        lambda: one.assigned == set(range(PARTITIONS)),
        "all partitions with the living one",
        LIMIT_S,
    )
    silent.consumer.close()


def test_commit_of_a_stranger_is_refused_while_the_group_lives(bootstrap, topic, join):
    shared_out(join())
    stranger = Consumer({"bootstrap.servers": bootstrap, "group.id": topic + "-g"})
    try:
        with pytest.raises(KafkaException) as refused:
            stranger.commit(offsets=[TopicPartition(topic, 0, 1)], asynchronous=False)
        assert refused.value.args[0].code() in (
            KafkaError.UNKNOWN_MEMBER_ID,
            KafkaError.ILLEGAL_GENERATION,
        )
    finally:
        stranger.close()


def test_commit_metadata_is_kept(bootstrap, topic):
    alone = Consumer({"bootstrap.servers": bootstrap, "group.id": topic + "-g"})
    try:
        alone.commit(
            offsets=[TopicPartition(topic, 1, 7, metadata="where I was")], asynchronous=False
        )
        places = alone.committed([TopicPartition(topic, 1), TopicPartition(topic, 2)], LIMIT_S)
        assert (places[0].offset, places[0].metadata) == (7, "where I was")
        assert places[1].offset == -1001, "nothing was committed there"
    finally:
        alone.close()


def test_more_partitions_reach_the_group(bootstrap, topic, join):
    member = join(metadata_max_age_ms=1000)
    shared_out(member)
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_partitions([NewPartitions(topic, PARTITIONS + 2)])[topic].result(LIMIT_S)
    eventually(lambda: member.assigned == set(range(PARTITIONS + 2)), "the new partitions", LIMIT_S)


def test_group_goes_on_after_a_crash_of_the_server(server, topic_name):
    topic = create_topic(server.kafka, topic_name, PARTITIONS)
    members = [
        Member(server.kafka, topic + "-g", topic, reconnect_backoff_max_ms=200) for _ in range(2)
    ]
    try:
        shared_out(*members)
        for partition in range(PARTITIONS):
            produce_all(server.kafka, topic, ["a", "b"], partition)
        eventually(
            lambda: committed(server.kafka, topic) == [2] * PARTITIONS, "all read", LIMIT_S, 0.05
        )
        server.restart(kill=True)
        assert committed(server.kafka, topic) == [2] * PARTITIONS
        for partition in range(PARTITIONS):
            produce_all(server.kafka, topic, ["c"], partition)
        eventually(
            lambda: committed(server.kafka, topic) == [3] * PARTITIONS,
            "what came after the crash",
            LIMIT_S,
            0.05,
        )
        # Nobody read anything twice: the offsets were on disk when they were acknowledged.
        seen = [place for member in members for place in member.seen]
        assert len(seen) == len(set(seen)) == 3 * PARTITIONS
    finally:
        for member in members:
            member.leave()
