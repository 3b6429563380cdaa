"""What must hold after each restart, given what the writers know."""

from collections import defaultdict

from confluent_kafka import Consumer, KafkaError, TopicPartition

from eventually import eventually

LIMIT_S = 60


def read_everything(bootstrap, topics, isolation):
    """{(topic, partition): [(offset, key, value)]} from the start to what is now the end."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "check",
            "isolation.level": isolation,
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 10,
            "check.crcs": True,
            "queued.min.messages": 1_000_000,
        }
    )
    found = {(topic, p): [] for topic, count in topics.items() for p in range(count)}
    left = set(found)

    def read():
        for message in consumer.consume(10_000, 0.05):
            place = message.topic(), message.partition()
            if message.error() is None:
                found[place].append((message.offset(), message.key(), message.value()))
            elif message.error().code() == KafkaError._PARTITION_EOF:
                left.discard(place)
            else:
                raise AssertionError(f"reading {place}: {message.error()}")
        return not left

    try:
        consumer.assign([TopicPartition(topic, p, 0) for topic, p in found])
        eventually(read, lambda: f"the end of {sorted(left)}", LIMIT_S, 0)
    finally:
        consumer.close()
    return found


def numbers_of(rows):
    return [int(value.split(b":")[0]) for _offset, _key, value in rows]


def rising(place, rows):
    offsets = [offset for offset, _key, _value in rows]
    assert offsets == sorted(set(offsets)), f"{place}: the offsets do not rise"


def check_idempotent(writer, found):
    """Every acknowledged number exactly once and in order, and nothing that was never sent."""
    for p in range(writer.partitions):
        place = writer.topic, p
        rising(place, found[place])
        numbers = numbers_of(found[place])
        expected = list(range(writer.acknowledged[p]))
        if numbers == expected:
            continue
        missing = sorted(set(expected) - set(numbers))
        doubled = (
            sorted({n for n in numbers if numbers.count(n) > 1}) if len(numbers) < 50_000 else "?"
        )
        raise AssertionError(
            f"{place} ({writer.codec}): of {len(expected)} acknowledged numbers "
            f"{len(missing)} are missing "
            f"{missing[:10]}, doubled {doubled[:10]}, {len(numbers)} found, in order: "
            f"{numbers == sorted(numbers)}, too many: {sorted(set(numbers) - set(expected))[:10]}"
        )


def check_short_lived(writer, found):
    """With retention: an unbroken run of numbers that ends with the last acknowledged one."""
    for p in range(writer.partitions):
        place = writer.topic, p
        rising(place, found[place])
        numbers = numbers_of(found[place])
        if not writer.acknowledged[p]:
            continue
        assert numbers, f"{place}: nothing is left, and retention keeps the active segment"
        assert numbers == list(
            range(numbers[0], writer.acknowledged[p])
        ), (
            f"{place}: {numbers[0]}…{numbers[-1]} ({len(numbers)}) is no unbroken run "
            f"up to {writer.acknowledged[p] - 1}"
        )


def check_compacted(writer, found):
    """Of every key the last acknowledged record, or its tombstone's effect."""
    place = writer.topic, 0
    rising(place, found[place])
    latest = {key: (offset, value) for offset, key, value in found[place]}
    for key, (offset, value) in writer.last.items():
        got = latest.get(key)
        if value is None:
            assert (
                got is None or got[0] >= offset
            ), f"{place}: {key} came back from before its tombstone at {offset}: {got}"
        else:
            assert got == (
                offset,
                value,
            ), f"{place}: {key} must be {value[:20]} at {offset}, is {got}"


def check_transactions(writer, found, group_offset):
    """Committed transactions whole, aborted ones invisible, undecided ones whole or not at all; the
    group's offset is that of the last visible one."""
    visible = defaultdict(list)
    for p in range(writer.partitions):
        rising((writer.topic, p), found[writer.topic, p])
        last = (0, -1)
        for _offset, _key, value in found[writer.topic, p]:
            name, number, i = value.decode().split(":")
            if name != writer.name:
                continue
            place = int(number), int(i)
            assert (
                place > last
            ), f"{writer.topic}-{p}: {value} after {last}: doubled or out of order"
            last = place
            visible[int(number)].append(int(i))
    who = f"{writer.topic} of {writer.name}"
    for number, parts in visible.items():
        assert (
            number not in writer.aborted
        ), f"{who}: records of the aborted transaction {number} are visible"
        assert sorted(parts) == list(
            range(writer.sizes[number])
        ), f"{who}: transaction {number} has {len(parts)} of {writer.sizes[number]} records"
    missing = sorted(writer.committed - set(visible))
    assert not missing, f"{who}: {len(missing)} committed transactions are missing: {missing[:10]}"
    last = max(visible, default=None)
    assert (
        group_offset == last
    ), f"{who}: the group's offset is {group_offset}, the last visible transaction {last}"
    check_compacted_transactions(writer, found[writer.compacted, 0], visible)


def check_compacted_transactions(writer, rows, visible):
    latest = {}
    for _offset, key, value in rows:
        name, number = value.decode().split(":")
        if name == writer.name:
            assert (
                int(number) in visible
            ), f"{writer.compacted}: {value} of a transaction that is not committed"
            latest[key] = int(number)
    wanted = {}
    for number in sorted(visible):
        wanted[f"{writer.name}{number % writer.KEYS}".encode()] = number
    assert latest == wanted, f"{writer.compacted}: the keys' last values are {latest}, not {wanted}"


def check_offsets(writer, offset, metadata):
    assert (
        writer.acknowledged <= max(offset, 0) <= writer.tried
    ), (
        f"the group's offset is {offset}; {writer.acknowledged} was acknowledged, "
        f"{writer.tried} the last tried"
    )
    assert offset < 0 or metadata == f"m{offset}", (offset, metadata)


def check_watched(watcher, found):
    """What a reader was shown is there, the same, and the end is behind it."""
    for place, seen in watcher.seen.items():
        there = {offset: value for offset, _key, value in found[place]}
        gone = [offset for offset, value in seen.items() if there.get(offset, "nothing") != value]
        assert not gone, (
            f"{place}: {len(gone)} records that a reader ({watcher.isolation}) had been shown are "
            f"gone or "
            f"different, first at {min(gone)}"
        )


def group_offset(bootstrap, group, topic):
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group})
    try:
        (place,) = consumer.committed([TopicPartition(topic, 0)], LIMIT_S)
        return place.offset, place.metadata
    finally:
        consumer.close()
