"""confluent-kafka: what an administrator calls."""

import pytest
from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    ConsumerGroupState,
    KafkaError,
    KafkaException,
    Producer,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from eventually import eventually
from kafka_topics import create_topic, produce_all, read_to_end
from raw_kafka import RECENT

LIMIT_S = 30


@pytest.fixture
def admin(bootstrap):
    return AdminClient({"bootstrap.servers": bootstrap})


@pytest.fixture
def topic(bootstrap, topic_name):
    return create_topic(bootstrap, topic_name, 2)


def only(futures):
    """The result of a call about one thing."""
    (future,) = futures.values()
    return future.result(LIMIT_S)


def code_of(futures):
    """The error code of a call about one thing that must be refused."""
    with pytest.raises(KafkaException) as refused:
        only(futures)
    return refused.value.args[0].code()


def configs(admin, kind, name):
    return only(admin.describe_configs([ConfigResource(kind, name)]))


def commit(bootstrap, group, places):
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group})
    try:
        consumer.commit(offsets=places, asynchronous=False)
    finally:
        consumer.close()


def test_create_describe_and_delete_topics(admin, topic_name):
    names = [f"{topic_name}-{i}" for i in range(3)]
    made = admin.create_topics(
        [NewTopic(name, 3, 1, config={"retention.ms": "60000"}) for name in names]
    )
    for name in names:
        made[name].result(LIMIT_S)
    listed = admin.list_topics(timeout=LIMIT_S).topics
    assert all(len(listed[name].partitions) == 3 for name in names)
    described = only(admin.describe_topics(TopicCollection([names[0]])))
    assert (
        described.name == names[0] and len(described.partitions) == 3 and not described.is_internal
    )
    for future in admin.delete_topics(names).values():
        future.result(LIMIT_S)
    eventually(
        lambda: not set(names) & set(admin.list_topics(timeout=LIMIT_S).topics),
        "the topics are gone",
    )


def test_topic_can_be_made_again_and_is_empty(admin, bootstrap, topic):
    produce_all(bootstrap, topic, ["old"])
    only(admin.delete_topics([topic]))
    eventually(lambda: topic not in admin.list_topics(timeout=LIMIT_S).topics, "the topic is gone")
    create_topic(bootstrap, topic, 1)
    assert read_to_end(bootstrap, topic) == []


@pytest.mark.parametrize(
    "change, code",
    [
        ({"topic": "not allowed!"}, KafkaError.TOPIC_EXCEPTION),
        ({"num_partitions": 0}, KafkaError.INVALID_PARTITIONS),
        ({"replication_factor": 5}, KafkaError.INVALID_REPLICATION_FACTOR),
        ({"config": {"retention.ms": "soon"}}, KafkaError.INVALID_CONFIG),
        ({"config": {"no.such.setting": "1"}}, KafkaError.INVALID_CONFIG),
    ],
)
def test_topic_that_cannot_be_made(admin, topic_name, change, code):
    plan = {"topic": topic_name, "num_partitions": 1, "replication_factor": 1, **change}
    assert code_of(admin.create_topics([NewTopic(**plan)])) == code
    assert plan["topic"] not in admin.list_topics(timeout=LIMIT_S).topics


def test_existing_and_unknown_topics_are_told_apart(admin, topic):
    assert code_of(admin.create_topics([NewTopic(topic, 1, 1)])) == KafkaError.TOPIC_ALREADY_EXISTS
    assert code_of(admin.delete_topics([topic + "-none"])) == KafkaError.UNKNOWN_TOPIC_OR_PART
    assert (
        code_of(admin.describe_topics(TopicCollection([topic + "-none"])))
        == KafkaError.UNKNOWN_TOPIC_OR_PART
    )


def test_validation_alone_makes_nothing(admin, topic_name):
    only(admin.create_topics([NewTopic(topic_name, 1, 1)], validate_only=True))
    assert topic_name not in admin.list_topics(timeout=LIMIT_S).topics


def test_more_partitions_but_never_fewer(admin, bootstrap, topic):
    produce_all(bootstrap, topic, ["kept"], 1)
    only(admin.create_partitions([NewPartitions(topic, 5)]))
    eventually(
        lambda: len(admin.list_topics(topic, LIMIT_S).topics[topic].partitions) == 5,
        "five partitions",
    )
    produce_all(bootstrap, topic, ["new"], 4)
    values = {(m.partition(), m.value()) for m in read_to_end(bootstrap, topic, 5)}
    assert values == {(1, b"kept"), (4, b"new")}
    assert (
        code_of(admin.create_partitions([NewPartitions(topic, 3)])) == KafkaError.INVALID_PARTITIONS
    )
    assert (
        code_of(admin.create_partitions([NewPartitions(topic + "-none", 3)]))
        == KafkaError.UNKNOWN_TOPIC_OR_PART
    )


def test_topic_settings_incrementally(admin, topic):
    before = configs(admin, ResourceType.TOPIC, topic)
    assert before["retention.ms"].is_default and before["cleanup.policy"].value == "delete"
    for name in (
        "retention.bytes",
        "segment.bytes",
        "segment.ms",
        "max.message.bytes",
        "compression.type",
        "message.timestamp.type",
        "min.compaction.lag.ms",
    ):
        assert before[name].value is not None
    change = ConfigResource(
        ResourceType.TOPIC,
        topic,
        incremental_configs=[
            ConfigEntry("retention.ms", "12345", incremental_operation=AlterConfigOpType.SET),
            ConfigEntry(
                "cleanup.policy", "compact", incremental_operation=AlterConfigOpType.APPEND
            ),
        ],
    )
    only(admin.incremental_alter_configs([change]))

    def now(name):
        return configs(admin, ResourceType.TOPIC, topic)[name].value

    eventually(lambda: now("retention.ms") == "12345", "the new retention")
    assert set(now("cleanup.policy").split(",")) == {"delete", "compact"}
    undo = ConfigResource(
        ResourceType.TOPIC,
        topic,
        incremental_configs=[
            ConfigEntry("retention.ms", None, incremental_operation=AlterConfigOpType.DELETE),
            ConfigEntry(
                "cleanup.policy", "delete", incremental_operation=AlterConfigOpType.SUBTRACT
            ),
        ],
    )
    only(admin.incremental_alter_configs([undo]))
    eventually(lambda: now("retention.ms") == before["retention.ms"].value, "the old retention")
    assert now("cleanup.policy") == "compact"


def test_refused_setting_changes_nothing(admin, topic):
    change = ConfigResource(
        ResourceType.TOPIC,
        topic,
        incremental_configs=[
            ConfigEntry("retention.ms", "777", incremental_operation=AlterConfigOpType.SET),
            ConfigEntry("segment.bytes", "a few", incremental_operation=AlterConfigOpType.SET),
        ],
    )
    assert code_of(admin.incremental_alter_configs([change])) == KafkaError.INVALID_CONFIG
    assert configs(admin, ResourceType.TOPIC, topic)["retention.ms"].value != "777"


def test_settings_take_effect_while_the_topic_is_in_use(admin, bootstrap, topic):
    produce_all(bootstrap, topic, ["x" * 5000])
    change = ConfigResource(
        ResourceType.TOPIC,
        topic,
        incremental_configs=[
            ConfigEntry("max.message.bytes", "1000", incremental_operation=AlterConfigOpType.SET)
        ],
    )
    only(admin.incremental_alter_configs([change]))
    eventually(
        lambda: configs(admin, ResourceType.TOPIC, topic)["max.message.bytes"].value == "1000",
        "the new limit",
    )
    with pytest.raises(AssertionError, match="MSG_SIZE_TOO_LARGE"):
        produce_all(bootstrap, topic, ["x" * 5000])
    assert len(read_to_end(bootstrap, topic, 2)) == 1


def test_broker_settings_are_described(admin):
    broker = str(admin.list_topics(timeout=LIMIT_S).controller_id)
    described = configs(admin, ResourceType.BROKER, broker)
    for name in (
        "auto.create.topics.enable",
        "num.partitions",
        "transaction.max.timeout.ms",
        "message.max.bytes",
    ):
        assert described[name].value, name


def test_describe_cluster(admin, bootstrap):
    cluster = admin.describe_cluster().result(LIMIT_S)
    assert cluster.cluster_id and cluster.controller.id == cluster.nodes[0].id
    assert [f"{node.host}:{node.port}" for node in cluster.nodes] == [bootstrap]
    assert cluster.cluster_id == admin.list_topics(timeout=LIMIT_S).cluster_id


def test_list_offsets_by_kind(admin, bootstrap, topic):
    producer = Producer({"bootstrap.servers": bootstrap})
    for when in (RECENT, RECENT + 900, RECENT + 500):
        producer.produce(topic, "v", partition=0, timestamp=when)
    assert producer.flush(LIMIT_S) == 0
    place, empty = TopicPartition(topic, 0), TopicPartition(topic, 1)

    def at(spec, where=place):
        return admin.list_offsets({where: spec})[where].result(LIMIT_S).offset

    assert (at(OffsetSpec.earliest()), at(OffsetSpec.latest()), at(OffsetSpec.max_timestamp())) == (
        0,
        3,
        1,
    )
    assert at(OffsetSpec.for_timestamp(RECENT + 1)) == 1
    assert (at(OffsetSpec.latest(), empty), at(OffsetSpec.max_timestamp(), empty)) == (0, -1)
    unknown = TopicPartition(topic, 99)
    assert code_of(admin.list_offsets({unknown: OffsetSpec.latest()})) in (
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError._NOENT,
    )


def test_delete_records_moves_the_start(admin, bootstrap, topic):
    produce_all(bootstrap, topic, [f"v{i}" for i in range(10)])
    place = TopicPartition(topic, 0)
    assert only(admin.delete_records([TopicPartition(topic, 0, 4)])).low_watermark == 4
    assert admin.list_offsets({place: OffsetSpec.earliest()})[place].result(LIMIT_S).offset == 4
    assert [
        m.offset() for m in read_to_end(bootstrap, topic, auto_offset_reset="earliest")
    ] == list(range(4, 10))
    assert (
        code_of(admin.delete_records([TopicPartition(topic, 0, 999)]))
        == KafkaError.OFFSET_OUT_OF_RANGE
    )
    # -1: everything that is there now.
    assert only(admin.delete_records([TopicPartition(topic, 0, -1)])).low_watermark == 10
    produce_all(bootstrap, topic, ["next"])
    assert [m.offset() for m in read_to_end(bootstrap, topic)] == [10]


def test_groups_are_listed_described_reset_and_deleted(admin, bootstrap, topic):
    group = topic + "-g"
    places = [TopicPartition(topic, 0, 3), TopicPartition(topic, 1, 5)]
    produce_all(bootstrap, topic, [f"v{i}" for i in range(10)])
    produce_all(bootstrap, topic, [f"v{i}" for i in range(10)], 1)
    commit(bootstrap, group, places)

    def stored():
        answer = only(admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)]))
        return {place.partition: place.offset for place in answer.topic_partitions}

    listed = admin.list_consumer_groups().result(LIMIT_S)
    assert not listed.errors
    assert [g.state for g in listed.valid if g.group_id == group] == [ConsumerGroupState.EMPTY]
    in_state = admin.list_consumer_groups(states={ConsumerGroupState.STABLE}).result(LIMIT_S)
    assert group not in [g.group_id for g in in_state.valid]
    described = only(admin.describe_consumer_groups([group]))
    assert described.state == ConsumerGroupState.EMPTY and described.coordinator.port == int(
        bootstrap.split(":")[1]
    )
    assert stored() == {0: 3, 1: 5}
    reset = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 0, 1)])
    only(admin.alter_consumer_group_offsets([reset]))
    assert stored() == {0: 1, 1: 5}
    only(admin.delete_consumer_groups([group]))
    assert group not in [g.group_id for g in admin.list_consumer_groups().result(LIMIT_S).valid]
    assert code_of(admin.delete_consumer_groups([group])) == KafkaError.GROUP_ID_NOT_FOUND


def test_group_with_members_is_described_and_cannot_be_deleted(admin, bootstrap, topic):
    group = topic + "-g"
    member = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "client.id": "the-member",
            "heartbeat.interval.ms": 100,
        }
    )
    assigned = []
    member.subscribe([topic], on_assign=lambda _consumer, places: assigned.extend(places))
    try:
        eventually(
            lambda: member.poll(0.1) is None and len(assigned) == 2, "an assignment", LIMIT_S, 0
        )
        described = only(admin.describe_consumer_groups([group]))
        assert (
            described.state == ConsumerGroupState.STABLE and described.partition_assignor == "range"
        )
        (only_member,) = described.members
        assert only_member.client_id == "the-member" and "127.0.0.1" in only_member.host
        assert {p.partition for p in only_member.assignment.topic_partitions} == {0, 1}
        assert code_of(admin.delete_consumer_groups([group])) == KafkaError.NON_EMPTY_GROUP
    finally:
        member.close()


def test_offsets_of_a_deleted_topic_are_forgotten(admin, bootstrap, topic):
    group = topic + "-g"
    produce_all(bootstrap, topic, ["v"])
    commit(bootstrap, group, [TopicPartition(topic, 0, 1)])
    only(admin.delete_topics([topic]))

    def stored():
        answer = only(admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)]))
        return [
            place for place in answer.topic_partitions if place.topic == topic and place.offset >= 0
        ]

    eventually(lambda: not stored(), lambda: f"no offset: {stored()}")
