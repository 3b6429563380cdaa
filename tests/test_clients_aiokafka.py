"""aiokafka: an asyncio client that asks for older versions of the protocol than the others."""

import asyncio

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import ProducerFenced

from kafka_topics import create_topic
from raw_kafka import CODECS, RECENT, stored_codecs

LIMIT_S = 30
PARTITIONS = 4


@pytest.fixture
def topic(bootstrap, topic_name):
    return create_topic(bootstrap, topic_name, PARTITIONS)


def within_limit(scenario):
    async def bounded():
        async with asyncio.timeout(2 * LIMIT_S):
            await scenario()

    asyncio.run(bounded())


async def until(check, what):
    """Another task can make it true at any time, so look again after each turn of the loop."""
    try:
        async with asyncio.timeout(LIMIT_S):
            while not check():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"not within {LIMIT_S} s: {what}") from None


def producer(bootstrap, **config):
    return AIOKafkaProducer(bootstrap_servers=bootstrap, **{"acks": "all", **config})


def reader(bootstrap, *topics, **config):
    return AIOKafkaConsumer(
        *topics,
        bootstrap_servers=bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        isolation_level="read_committed",
        fetch_max_wait_ms=50,
        **config,
    )


async def read(consumer, count):
    """The next `count` records, and no more in what came with them."""
    found = []
    while len(found) < count:
        for records in (await consumer.getmany(timeout_ms=200)).values():
            found += records
    assert len(found) == count
    return found


async def write(bootstrap, topic, count=10, word="v"):
    async with producer(bootstrap) as sender:
        waiting = [
            await sender.send(topic, f"{word}{i}".encode(), partition=p)
            for i in range(count)
            for p in range(PARTITIONS)
        ]
        await asyncio.gather(*waiting)


@pytest.mark.parametrize("codec", CODECS)
def test_every_codec_both_ways(bootstrap, topic, codec):
    async def scenario():
        values = [f"value-{i}-{'abc' * (i % 40)}".encode() for i in range(1000)]
        async with producer(
            bootstrap,
            compression_type=None if codec == "none" else codec,
            linger_ms=5,
            enable_idempotence=True,
        ) as sender:
            waiting = [
                await sender.send(topic, v, key=b"k", headers=[("h", b"1")], partition=1)
                for v in values
            ]
            answers = await asyncio.gather(*waiting)
        assert [answer.offset for answer in answers] == list(range(1000))
        async with reader(bootstrap) as consumer:
            consumer.assign([TopicPartition(topic, 1)])
            got = await read(consumer, 1000)
        assert [record.value for record in got] == values
        assert (got[0].key, got[0].headers) == (b"k", (("h", b"1"),))

    within_limit(scenario)
    assert codec in stored_codecs(bootstrap, topic, PARTITIONS)


def test_offsets(bootstrap, topic):
    async def scenario():
        async with producer(bootstrap) as sender:
            for i in range(10):
                await sender.send_and_wait(
                    topic, b"v", partition=0, timestamp_ms=RECENT + 10 * i
                )
        place = TopicPartition(topic, 0)
        async with reader(bootstrap) as consumer:
            consumer.assign([place])
            assert await consumer.beginning_offsets([place]) == {place: 0}
            assert await consumer.end_offsets([place]) == {place: 10}
            assert (await consumer.offsets_for_times({place: RECENT + 45}))[place].offset == 5
            consumer.seek(place, 7)
            assert [record.offset for record in await read(consumer, 3)] == [7, 8, 9]

    within_limit(scenario)


class Member(ConsumerRebalanceListener):
    """A member of a group that reads and commits in a task of its own."""

    def __init__(self, bootstrap, topic, assignor, **config):
        self.topic, self.assigned, self.seen = topic, set(), set()
        self.consumer = reader(
            bootstrap,
            group_id=topic + "-g",
            heartbeat_interval_ms=100,
            partition_assignment_strategy=[assignor],
            **config,
        )
        self.task = None

    async def join(self):
        self.consumer.subscribe([self.topic], listener=self)
        await self.consumer.start()
        self.task = asyncio.create_task(self._run())
        return self

    async def on_partitions_revoked(self, _revoked):
        self.assigned = set()

    async def on_partitions_assigned(self, assigned):
        self.assigned = {place.partition for place in assigned}

    async def _run(self):
        async for record in self.consumer:
            self.seen.add((record.partition, record.offset))

    async def leave(self):
        if self.task is not None and not self.task.done():
            self.task.cancel()
            await asyncio.wait([self.task])
            await self.consumer.stop()
            self.assigned = set()


async def shared_out(*members):
    def check():
        owned = [p for member in members for p in member.assigned]
        return sorted(owned) == list(range(PARTITIONS)) and all(
            member.assigned for member in members
        )

    await until(check, "the partitions shared out")


@pytest.mark.parametrize(
    "assignor", [RangePartitionAssignor, RoundRobinPartitionAssignor, StickyPartitionAssignor]
)
def test_members_join_and_leave(bootstrap, topic, assignor):
    async def scenario():
        await write(bootstrap, topic)
        first, second = (Member(bootstrap, topic, assignor) for _ in range(2))
        try:
            await first.join()
            await shared_out(first)
            await second.join()
            await shared_out(first, second)
            await first.leave()
            await shared_out(second)
            await write(bootstrap, topic, word="w")
            everything = {(p, i) for p in range(PARTITIONS) for i in range(20)}
            await until(lambda: first.seen | second.seen == everything, "every record")
        finally:
            await first.leave()
            await second.leave()

    within_limit(scenario)


def test_committed_offsets(bootstrap, topic):
    async def scenario():
        await write(bootstrap, topic)
        place = TopicPartition(topic, 2)
        for expected in (range(0, 4), range(4, 10)):
            async with reader(
                bootstrap, group_id=topic + "-g", max_poll_records=len(expected)
            ) as consumer:
                consumer.assign([place])
                assert [record.offset for record in await read(consumer, len(expected))] == list(
                    expected
                )
                await consumer.commit()
                assert await consumer.committed(place) == expected.stop

    within_limit(scenario)


def test_transactions_commit_and_abort(bootstrap, topic):
    async def scenario():
        place = TopicPartition(topic, 0)
        async with producer(bootstrap, transactional_id=topic + "-tx") as sender:
            for number in range(6):
                await sender.begin_transaction()
                await sender.send_and_wait(topic, f"t{number}".encode(), partition=0)
                await sender.send_offsets_to_transaction({place: number + 1}, topic + "-g")
                if number % 2:
                    await sender.abort_transaction()
                else:
                    await sender.commit_transaction()
            async with producer(bootstrap, transactional_id=topic + "-tx"):
                with pytest.raises(ProducerFenced):
                    async with sender.transaction():
                        await sender.send_and_wait(topic, b"of the old one", partition=0)
        async with reader(bootstrap, group_id=topic + "-g") as consumer:
            consumer.assign([place])
            assert await consumer.committed(place) == 5
            await consumer.seek_to_beginning(place)
            assert [record.value for record in await read(consumer, 3)] == [b"t0", b"t2", b"t4"]

    within_limit(scenario)


def test_admin_calls(bootstrap, topic_name):
    async def scenario():
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        await admin.start()
        try:
            made = await admin.create_topics(
                [NewTopic(topic_name, 2, 1, topic_configs={"retention.ms": "100000"})]
            )
            assert [error[1] for error in made.topic_errors] == [0]
            assert topic_name in await admin.list_topics()
            resource = ConfigResource(ConfigResourceType.TOPIC, topic_name)
            (answer,) = await admin.describe_configs([resource])
            assert {entry[0]: entry[1] for entry in answer.resources[0][4]}[
                "retention.ms"
            ] == "100000"
            await admin.alter_configs(
                [ConfigResource(ConfigResourceType.TOPIC, topic_name, {"retention.ms": "200000"})]
            )
            await admin.create_partitions({topic_name: NewPartitions(PARTITIONS)})
            (described,) = await admin.describe_topics([topic_name])
            assert len(described["partitions"]) == PARTITIONS
            assert len((await admin.describe_cluster())["brokers"]) == 1
            await write(bootstrap, topic_name)
            place = TopicPartition(topic_name, 0)
            await admin.delete_records({place: RecordsToDelete(before_offset=4)})
            async with reader(bootstrap, group_id=topic_name + "-g") as consumer:
                consumer.assign([place])
                assert await consumer.beginning_offsets([place]) == {place: 4}
                await consumer.commit({place: 6})
            assert (await admin.list_consumer_group_offsets(topic_name + "-g"))[place].offset == 6
            assert topic_name + "-g" in [group[0] for group in await admin.list_consumer_groups()]
            (groups,) = await admin.describe_consumer_groups([topic_name + "-g"])
            assert groups.groups[0][2] == "Empty"
            await admin.delete_topics([topic_name])
            assert topic_name not in await admin.list_topics()
        finally:
            await admin.close()

    within_limit(scenario)
