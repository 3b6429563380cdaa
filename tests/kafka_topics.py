"""Topics for tests, made through librdkafka's admin client."""

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from eventually import eventually


def create_topic(bootstrap, name, partitions=1, **config):
    """Settings by Kafka's names with underscores: segment_bytes=…"""
    settings = {key.replace("_", "."): str(value) for key, value in config.items()}
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(name, partitions, 1, config=settings)])[name].result(30)

    def has_leaders():
        topic = admin.list_topics(name, 10).topics[name]
        return len(topic.partitions) == partitions and all(
            p.leader >= 0 for p in topic.partitions.values()
        )

    eventually(has_leaders, f"{name} has {partitions} partitions with leaders")
    return name


def produce_all(bootstrap, topic, values, partition=0, **config):
    """Every value acknowledged, or an AssertionError."""
    failed = []
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "linger.ms": 1,
            **{key.replace("_", "."): value for key, value in config.items()},
        }
    )
    for value in values:
        producer.produce(
            topic,
            value,
            partition=partition,
            on_delivery=lambda error, _message: failed.append(error) if error else None,
        )
    left = producer.flush(60)
    assert left == 0 and not failed, (left, failed[:3])


def read_to_end(bootstrap, topic, partitions=1, isolation="read_committed", **config):
    """All messages from the beginning to what is now the end, in order for each partition."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "read-to-end",
            "isolation.level": isolation,
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 50,
            "auto.offset.reset": "earliest",
            **{key.replace("_", "."): value for key, value in config.items()},
        }
    )
    found, open_partitions = [], set(range(partitions))

    def poll():
        message = consumer.poll(0.5)
        if message is None:
            return False
        if message.error() is None:
            found.append(message)
        elif message.error().name() == "_PARTITION_EOF":
            open_partitions.discard(message.partition())
        else:
            raise AssertionError(f"reading {topic}: {message.error()}")
        return not open_partitions

    try:
        consumer.assign([TopicPartition(topic, p, 0) for p in range(partitions)])
        eventually(
            poll, lambda: f"the end of {topic} {sorted(open_partitions)}, {len(found)} read", 60, 0
        )
    finally:
        consumer.close()
    return found
