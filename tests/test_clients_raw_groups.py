"""Groups and transactions request by request, each in the version it is asked in: what no client
library lets a test say. With $KAFKA_BOOTSTRAP the same is asked of Apache Kafka."""

import socket
import struct
import sys

import kafka.errors
import pytest
from kafka.protocol.admin.groups import DescribeGroupsRequest
from kafka.protocol.admin.transactions import DescribeTransactionsRequest
from kafka.protocol.consumer.group import (
    HeartbeatRequest,
    JoinGroupRequest,
    LeaveGroupRequest,
    OffsetDeleteRequest,
    SyncGroupRequest,
)
from kafka.protocol.metadata.find_coordinator import FindCoordinatorRequest
from kafka.protocol.producer.transaction import (
    AddOffsetsToTxnRequest,
    AddPartitionsToTxnRequest,
    EndTxnRequest,
    InitProducerIdRequest,
    TxnOffsetCommitRequest,
)

from eventually import eventually
from kafka_topics import create_topic

# A subscription, version 1, to the topic "t", without user data.
SUBSCRIPTION = b"\0\1\0\0\0\1\0\1t\0\0\0\0"
GROUP, TRANSACTION = 0, 1
NOTHING = -1
LATER = ("ConcurrentTransactions", "CoordinatorLoadInProgress")  # ask again


def error(answer):
    code = answer if isinstance(answer, int) else answer.error_code
    return kafka.errors.for_code(code).__name__.removesuffix("Error")


class Wire:
    """One connection: call(request, version) → the answer."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=30)
        self.asked = 0

    def send(self, request, version):
        self.asked += 1
        request.API_VERSION = version
        request.with_header(self.asked, "raw")
        self.socket.sendall(request.encode(version=version, header=True, framed=True))
        name = type(request).__name__.replace("Request", "Response")
        return getattr(sys.modules[type(request).__module__], name), version

    def receive(self, sent):
        answer, version = sent
        (size,) = struct.unpack(">i", self._take(4))
        return answer.decode(self._take(size), version=version, header=True)

    def call(self, request, version):
        return self.receive(self.send(request, version))

    def _take(self, size):
        got = b""
        while len(got) < size:
            more = self.socket.recv(size - len(got))
            assert more, "the server closed the connection"
            got += more
        return got


@pytest.fixture
def connect(bootstrap):
    wires = []

    def make():
        wires.append(Wire(bootstrap))
        return wires[-1]

    def ready(kind):
        request = FindCoordinatorRequest(key="any", key_type=kind)
        return error(make().call(request, 3)) == "No"

    # Apache Kafka makes its coordinators' topics when it is first asked for them.
    for kind in (GROUP, TRANSACTION):
        eventually(lambda: ready(kind), "a coordinator")
    yield make
    for wire in wires:
        wire.socket.close()


@pytest.fixture
def wire(connect):
    return connect()


def join_request(group, member="", instance=None, protocols=("range",), kind="consumer", ms=60_000):
    named = [
        JoinGroupRequest.JoinGroupRequestProtocol(name=name, metadata=SUBSCRIPTION)
        for name in protocols
    ]
    return JoinGroupRequest(
        group_id=group,
        session_timeout_ms=ms,
        rebalance_timeout_ms=ms,
        member_id=member,
        group_instance_id=instance,
        protocol_type=kind,
        protocols=named,
    )


def new_id(wire, group):
    """The first of the two steps in which a dynamic member joins."""
    answer = wire.call(join_request(group), 7)
    assert error(answer) == "MemberIdRequired"
    return answer.member_id


def sync_request(group, member, generation, assigned=(), kind="consumer", name="range", **more):
    return SyncGroupRequest(
        group_id=group,
        generation_id=generation,
        member_id=member,
        protocol_type=kind,
        protocol_name=name,
        assignments=[
            SyncGroupRequest.SyncGroupRequestAssignment(member_id=who, assignment=what)
            for who, what in assigned
        ],
        **more,
    )


def phase(wire, group):
    request = DescribeGroupsRequest(groups=[group], include_authorized_operations=False)
    return wire.call(request, 5).groups[0].group_state


@pytest.mark.parametrize("version", range(10))
def test_a_join_says_who_must_come_back_with_an_id(wire, topic_name, version):
    answer = wire.call(join_request(topic_name), version)
    assert error(answer) == ("MemberIdRequired" if version >= 4 else "No")
    assert answer.member_id.startswith("raw-")
    if version < 4:
        assert (answer.generation_id, answer.leader) == (1, answer.member_id)


def test_joins_that_no_group_takes(wire, topic_name):
    def refusal(**asked):
        return error(wire.call(join_request(**{"group": topic_name, **asked}), 7))

    assert refusal(group="") == "InvalidGroupId"
    assert refusal(ms=1) == "InvalidSessionTimeout"
    assert refusal(member="nobody") == "UnknownMemberId"
    assert refusal(protocols=()) == "InconsistentGroupProtocol"
    assert refusal(kind="") == "InconsistentGroupProtocol"


def test_an_id_that_is_never_used_does_not_hold_up_an_empty_group(wire, topic_name):
    new_id(wire, topic_name)  # and its client dies
    joined = wire.call(join_request(topic_name, new_id(wire, topic_name)), 7)
    assert (error(joined), joined.generation_id, len(joined.members)) == ("No", 1, 1)


def test_a_sync_names_its_protocol_from_version_5_on(wire, topic_name):
    member = new_id(wire, topic_name)
    assert error(wire.call(join_request(topic_name, member), 7)) == "No"

    def sync(version, **named):
        return wire.call(sync_request(topic_name, member, 1, [(member, b"mine")], **named), version)

    for wrong in ({"kind": None}, {"name": None}, {"kind": "connect"}, {"name": "sticky"}):
        assert error(sync(5, **wrong)) == "InconsistentGroupProtocol", wrong
    assert phase(wire, topic_name) == "CompletingRebalance"
    assert sync(5).assignment == b"mine"
    assert sync(4).assignment == b"mine"


@pytest.mark.parametrize("version", [7, 9])
def test_a_static_leader_that_returns(connect, topic_name, version):
    wire = connect()
    first = wire.call(join_request(topic_name, instance="one"), version)
    sync = sync_request(topic_name, first.member_id, 1, [(first.member_id, b"mine")])
    wire.call(sync, 5)
    back = connect().call(join_request(topic_name, instance="one"), version)
    assert (error(back), back.generation_id) == ("No", 1) and back.member_id != first.member_id
    # It must not assign again; from version 9 on it is told so, before it takes itself for a
    # follower.
    assert back.leader == (back.member_id if version >= 9 else first.member_id)
    assert back.skip_assignment == (version >= 9)
    assert len(back.members) == (1 if version >= 9 else 0)
    again = sync_request(topic_name, back.member_id, 1, group_instance_id="one")
    assert wire.call(again, 5).assignment == b"mine"
    beat = HeartbeatRequest(
        group_id=topic_name,
        generation_id=1,
        member_id=first.member_id,
        group_instance_id="one",
    )
    assert error(wire.call(beat, 4)) == "FencedInstanceId"
    leaving = LeaveGroupRequest.MemberIdentity(member_id="", group_instance_id="one")
    left = wire.call(LeaveGroupRequest(group_id=topic_name, members=[leaving]), 4)
    assert error(left.members[0]) == "No" and phase(wire, topic_name) == "Empty"


def test_a_group_of_no_name(wire):
    assert error(wire.call(OffsetDeleteRequest(group_id="", topics=[]), 0)) == "InvalidGroupId"


def init_request(name, producer=NOTHING, epoch=NOTHING, timeout_ms=60_000):
    return InitProducerIdRequest(
        transactional_id=name,
        transaction_timeout_ms=timeout_ms,
        producer_id=producer,
        producer_epoch=epoch,
    )


def init(wire, *args, **more):
    """As a client: while the last transaction is being ended it asks again."""

    def answered():
        answer = wire.call(init_request(*args, **more), 4)
        return None if error(answer) in LATER else answer

    return eventually(answered, "the end of the transaction before")


def add_partition(wire, name, producer, epoch, topic):
    where = AddPartitionsToTxnRequest.AddPartitionsToTxnTopic(name=topic, partitions=[0])
    request = AddPartitionsToTxnRequest(
        v3_and_below_transactional_id=name,
        v3_and_below_producer_id=producer,
        v3_and_below_producer_epoch=epoch,
        v3_and_below_topics=[where],
    )

    def answered():
        (topic_answer,) = wire.call(request, 3).results_by_topic_v3_and_below
        word = error(topic_answer.results_by_partition[0].partition_error_code)
        return None if word in LATER else word

    return eventually(answered, "the end of the transaction before")


def transaction_phase(wire, name):
    answer = wire.call(DescribeTransactionsRequest(transactional_ids=[name]), 0)
    return answer.transaction_states[0].transaction_state


def test_a_producer_goes_on_after_its_transaction_timed_out(bootstrap, wire, topic_name):
    create_topic(bootstrap, topic_name, 1)
    first = init(wire, topic_name, timeout_ms=1000)
    who = (topic_name, first.producer_id, first.producer_epoch)
    assert add_partition(wire, *who, topic_name) == "No"
    eventually(lambda: transaction_phase(wire, topic_name) == "CompleteAbort", "the timeout")
    assert add_partition(wire, *who, topic_name) == "ProducerFenced"
    raised = init(wire, *who)
    assert (error(raised), raised.producer_id) == ("No", first.producer_id)
    assert raised.producer_epoch == first.producer_epoch + 1
    assert add_partition(wire, *who[:2], raised.producer_epoch, topic_name) == "No"
    # Whoever comes without its identity is another instance, and fences it for good.
    other = init(wire, topic_name)
    assert other.producer_epoch > raised.producer_epoch
    assert error(init(wire, *who[:2], raised.producer_epoch)) == "ProducerFenced"


def test_half_an_identity_is_none(wire, topic_name):
    for half in ({"producer": 5}, {"epoch": 5}):
        answer = init(wire, topic_name, **half)
        assert (error(answer), answer.producer_epoch) == ("InvalidRequest", NOTHING)


def test_transactions_of_no_name(wire, topic_name):
    who = {"transactional_id": "", "producer_id": 1, "producer_epoch": 0}
    assert error(wire.call(init_request(""), 4)) == "InvalidRequest"
    assert error(wire.call(AddOffsetsToTxnRequest(group_id="g", **who), 3)) == "InvalidRequest"
    assert error(wire.call(EndTxnRequest(committed=True, **who), 3)) == "InvalidRequest"
    asked = wire.call(DescribeTransactionsRequest(transactional_ids=[""]), 0)
    assert error(asked.transaction_states[0]) == "InvalidRequest"


def test_offsets_of_a_transaction_for_a_group_of_no_name(bootstrap, wire, topic_name):
    create_topic(bootstrap, topic_name, 1)
    made = init(wire, topic_name)
    topic = TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic
    place = topic.TxnOffsetCommitRequestPartition(
        partition_index=0,
        committed_offset=1,
        committed_leader_epoch=-1,
        committed_metadata="",
    )
    request = TxnOffsetCommitRequest(
        transactional_id=topic_name,
        group_id="",
        producer_id=made.producer_id,
        producer_epoch=made.producer_epoch,
        generation_id=NOTHING,
        member_id="",
        group_instance_id=None,
        topics=[topic(name=topic_name, partitions=[place])],
    )
    (answer,) = wire.call(request, 3).topics
    assert error(answer.partitions[0]) == "InvalidGroupId"
