import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.consumer.RoundRobinAssignor;
import org.apache.kafka.clients.consumer.StickyAssignor;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * What Java's clients can ask of a broker, each as a small check: {@code ClientMatrix bootstrap
 * [beginning of the checks' names]}. Prints {@code ok NAME} or {@code FAIL NAME} with the reason,
 * and ends with the number of failures.
 */
public final class ClientMatrix {
  private static final long LIMIT_MS = 30_000;
  // An hour ago: records of old days would be dropped by their age.
  private static final long RECENT = (System.currentTimeMillis() / 1000 - 3600) * 1000;
  private static final int PARTITIONS = 4;

  private final String bootstrap;
  private final Admin admin;

  private interface Check {
    void run() throws Exception;
  }

  private ClientMatrix(String bootstrap) {
    this.bootstrap = bootstrap;
    this.admin =
        Admin.create(
            Map.of("bootstrap.servers", bootstrap, "default.api.timeout.ms", (int) LIMIT_MS));
  }

  public static void main(String[] args) {
    ClientMatrix matrix = new ClientMatrix(args[0]);
    Map<String, Check> checks = new LinkedHashMap<>();
    for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
      checks.put("codec " + codec, () -> matrix.codec(codec));
    }
    for (Class<?> assignor :
        List.of(
            RangeAssignor.class,
            RoundRobinAssignor.class,
            StickyAssignor.class,
            CooperativeStickyAssignor.class)) {
      checks.put("group with " + assignor.getSimpleName(), () -> matrix.groupWith(assignor));
    }
    checks.put("static member", matrix::staticMember);
    checks.put("consumer's offsets", matrix::consumersOffsets);
    checks.put("offsets in a group", matrix::groupOffsets);
    checks.put("transactions commit and abort", matrix::transactions);
    checks.put("transactions described", matrix::describedTransactions);
    checks.put("fencing", matrix::fencing);
    checks.put("record too large", matrix::recordTooLarge);
    checks.put("topics", matrix::topics);
    checks.put("topic settings", matrix::topicSettings);
    checks.put("broker settings and cluster", matrix::cluster);
    checks.put("delete records and list offsets", matrix::records);
    checks.put("groups listed, described, deleted", matrix::groups);
    if (args.length > 1) {
      checks.keySet().removeIf(name -> !name.startsWith(args[1]));
    }
    System.exit(run(checks));
  }

  private static int run(Map<String, Check> checks) {
    int failed = 0;
    for (Map.Entry<String, Check> check : checks.entrySet()) {
      long began = System.nanoTime();
      try {
        check.getValue().run();
        System.out.printf(
            "ok %s (%d ms)%n", check.getKey(), (System.nanoTime() - began) / 1_000_000);
      } catch (Exception | AssertionError e) {
        failed++;
        System.out.println("FAIL " + check.getKey() + ": " + e);
        e.printStackTrace(System.out);
      }
    }
    return failed;
  }

  // What all checks use.

  private static void expect(boolean holds, Object what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }

  private static void expectEqual(Object wanted, Object got) {
    expect(wanted.equals(got), "wanted " + wanted + ", got " + got);
  }

  private static <T> T get(Future<T> future) throws Exception {
    return future.get(LIMIT_MS, TimeUnit.MILLISECONDS);
  }

  private static void expectRefused(Class<? extends Exception> wanted, Future<?> future)
      throws Exception {
    try {
      get(future);
    } catch (ExecutionException e) {
      expect(
          wanted.isInstance(e.getCause()),
          "wanted " + wanted.getSimpleName() + ", got " + e.getCause());
      return;
    }
    throw new AssertionError("wanted " + wanted.getSimpleName() + ", but it was done");
  }

  /** Polls `step` until it holds. */
  private static void eventually(String what, BooleanSupplier step) {
    long deadline = System.nanoTime() + LIMIT_MS * 1_000_000;
    while (!step.getAsBoolean()) {
      expect(System.nanoTime() < deadline, "not in time: " + what);
      Thread.onSpinWait();
    }
  }

  private String newTopic(int partitions) throws Exception {
    String name = "matrix-" + UUID.randomUUID();
    get(admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1))).all());
    eventually(
        "the topic is known",
        () -> {
          try {
            return get(admin.describeTopics(List.of(name)).allTopicNames())
                    .get(name)
                    .partitions()
                    .size()
                == partitions;
          } catch (Exception e) {
            return false;
          }
        });
    return name;
  }

  private KafkaProducer<String, String> producer(Map<String, Object> more) {
    Map<String, Object> config =
        new HashMap<>(Map.of("bootstrap.servers", bootstrap, "linger.ms", 5));
    config.putAll(more);
    return new KafkaProducer<>(config, new StringSerializer(), new StringSerializer());
  }

  private KafkaConsumer<String, String> consumer(Map<String, Object> more) {
    Map<String, Object> config =
        new HashMap<>(
            Map.of(
                "bootstrap.servers",
                bootstrap,
                "auto.offset.reset",
                "earliest",
                "enable.auto.commit",
                false,
                "isolation.level",
                "read_committed",
                "fetch.max.wait.ms",
                50));
    config.putAll(more);
    return new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer());
  }

  private void write(String topic, int partition, int count) throws Exception {
    try (KafkaProducer<String, String> producer = producer(Map.of())) {
      List<Future<RecordMetadata>> sent = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        sent.add(producer.send(new ProducerRecord<>(topic, partition, "k" + i, "v" + i)));
      }
      for (Future<RecordMetadata> one : sent) {
        get(one);
      }
    }
  }

  private List<String> readToEnd(String topic, int partition, String isolation) {
    TopicPartition place = new TopicPartition(topic, partition);
    List<String> found = new ArrayList<>();
    try (KafkaConsumer<String, String> consumer = consumer(Map.of("isolation.level", isolation))) {
      consumer.assign(List.of(place));
      long end = consumer.endOffsets(List.of(place)).get(place);
      eventually(
          "the end of " + place,
          () -> {
            consumer.poll(Duration.ofMillis(50)).forEach(record -> found.add(record.value()));
            return consumer.position(place) >= end;
          });
    }
    return found;
  }

  // The checks.

  private void codec(String codec) throws Exception {
    String topic = newTopic(1);
    List<String> values =
        IntStream.range(0, 2000).mapToObj(i -> "value-" + i + "-" + "abc".repeat(i % 50)).toList();
    try (KafkaProducer<String, String> producer =
        producer(Map.of("compression.type", codec, "acks", "all"))) {
      List<Future<RecordMetadata>> sent = new ArrayList<>();
      for (String value : values) {
        ProducerRecord<String, String> record =
            new ProducerRecord<>(
                topic,
                0,
                RECENT,
                "key",
                value,
                List.of(
                    new RecordHeader("h", value.getBytes(StandardCharsets.UTF_8)),
                    new RecordHeader("none", null)));
        sent.add(producer.send(record));
      }
      for (int i = 0; i < values.size(); i++) {
        expectEqual((long) i, get(sent.get(i)).offset());
      }
    }
    List<ConsumerRecord<String, String>> found = new ArrayList<>();
    try (KafkaConsumer<String, String> consumer = consumer(Map.of())) {
      consumer.assign(List.of(new TopicPartition(topic, 0)));
      eventually(
          "all records",
          () -> {
            consumer.poll(Duration.ofMillis(50)).forEach(found::add);
            return found.size() >= values.size();
          });
    }
    expectEqual(values, found.stream().map(ConsumerRecord::value).toList());
    ConsumerRecord<String, String> last = found.get(found.size() - 1);
    expectEqual(
        last.value(), new String(last.headers().lastHeader("h").value(), StandardCharsets.UTF_8));
    expect(last.headers().lastHeader("none").value() == null, "a header without a value");
    expectEqual(RECENT, last.timestamp());
  }

  private static Set<Integer> partitionsOf(KafkaConsumer<?, ?> consumer) {
    return consumer.assignment().stream()
        .map(TopicPartition::partition)
        .collect(Collectors.toSet());
  }

  /** Polls all until the partitions are shared out among them; what was read goes to `seen`. */
  private static void shareOut(
      Collection<KafkaConsumer<String, String>> members, Set<String> seen) {
    eventually(
        "the partitions shared out",
        () -> {
          Set<Integer> all = new HashSet<>();
          int owned = 0;
          boolean idle = false;
          for (KafkaConsumer<String, String> member : members) {
            ConsumerRecords<String, String> records = member.poll(Duration.ofMillis(20));
            records.forEach(record -> seen.add(record.partition() + ":" + record.offset()));
            Set<Integer> own = partitionsOf(member);
            idle |= own.isEmpty();
            owned += own.size();
            all.addAll(own);
          }
          return !idle && owned == PARTITIONS && all.size() == PARTITIONS;
        });
  }

  private void groupWith(Class<?> assignor) throws Exception {
    String topic = newTopic(PARTITIONS);
    for (int p = 0; p < PARTITIONS; p++) {
      write(topic, p, 10);
    }
    Map<String, Object> config =
        Map.of(
            "group.id",
            topic + "-group",
            "heartbeat.interval.ms",
            50,
            "partition.assignment.strategy",
            assignor.getName());
    Set<String> seen = new HashSet<>();
    KafkaConsumer<String, String> first = consumer(config);
    KafkaConsumer<String, String> second = consumer(config);
    try {
      first.subscribe(List.of(topic));
      shareOut(List.of(first), seen);
      second.subscribe(List.of(topic));
      shareOut(List.of(first, second), seen);
      first.close();
      shareOut(List.of(second), seen);
      eventually(
          "every record",
          () -> {
            second
                .poll(Duration.ofMillis(20))
                .forEach(r -> seen.add(r.partition() + ":" + r.offset()));
            return seen.size() == 10 * PARTITIONS;
          });
    } finally {
      first.close();
      second.close();
    }
  }

  private void staticMember() throws Exception {
    String topic = newTopic(PARTITIONS);
    String group = topic + "-group";
    Map<String, Object> config =
        Map.of(
            "group.id",
            group,
            "heartbeat.interval.ms",
            50,
            "group.instance.id",
            "one",
            "session.timeout.ms",
            20_000);
    try (KafkaConsumer<String, String> before = consumer(config)) {
      before.subscribe(List.of(topic));
      shareOut(List.of(before), new HashSet<>());
    }
    ConsumerGroupDescription described =
        get(admin.describeConsumerGroups(List.of(group)).all()).get(group);
    expectEqual(Optional.of("one"), described.members().iterator().next().groupInstanceId());
    try (KafkaConsumer<String, String> again = consumer(config)) {
      again.subscribe(List.of(topic));
      shareOut(List.of(again), new HashSet<>());
    }
    get(
        admin
            .removeMembersFromConsumerGroup(
                group,
                new RemoveMembersFromConsumerGroupOptions(List.of(new MemberToRemove("one"))))
            .all());
    expectEqual(
        GroupState.EMPTY,
        get(admin.describeConsumerGroups(List.of(group)).all()).get(group).groupState());
  }

  private void consumersOffsets() throws Exception {
    String topic = newTopic(1);
    TopicPartition place = new TopicPartition(topic, 0);
    try (KafkaProducer<String, String> producer = producer(Map.of("linger.ms", 0))) {
      for (int i = 0; i < 10; i++) {
        get(
            producer.send(
                new ProducerRecord<>(topic, 0, RECENT + 10 * i, "k", "v" + i)));
      }
    }
    try (KafkaConsumer<String, String> consumer = consumer(Map.of())) {
      expectEqual(Map.of(place, 0L), consumer.beginningOffsets(List.of(place)));
      expectEqual(Map.of(place, 10L), consumer.endOffsets(List.of(place)));
      expectEqual(
          5L, consumer.offsetsForTimes(Map.of(place, RECENT + 45)).get(place).offset());
      expect(
          consumer.offsetsForTimes(Map.of(place, RECENT + 86_400_000)).get(place) == null,
          "nothing is so young");
      consumer.assign(List.of(place));
      consumer.seek(place, 7);
      List<Long> offsets = new ArrayList<>();
      eventually(
          "three records",
          () -> {
            consumer.poll(Duration.ofMillis(50)).forEach(record -> offsets.add(record.offset()));
            return offsets.size() >= 3;
          });
      expectEqual(List.of(7L, 8L, 9L), offsets);
      expect(consumer.listTopics().containsKey(topic), "the topic is listed");
    }
  }

  private void groupOffsets() throws Exception {
    String topic = newTopic(2);
    String group = topic + "-group";
    TopicPartition place = new TopicPartition(topic, 0);
    TopicPartition other = new TopicPartition(topic, 1);
    write(topic, 0, 10);
    try (KafkaConsumer<String, String> consumer = consumer(Map.of("group.id", group))) {
      consumer.assign(List.of(place));
      consumer.commitSync(
          Map.of(place, new OffsetAndMetadata(4, Optional.of(0), "as far as here")));
      OffsetAndMetadata found = consumer.committed(Set.of(place, other)).get(place);
      expectEqual(4L, found.offset());
      expectEqual("as far as here", found.metadata());
      expect(consumer.committed(Set.of(other)).get(other) == null, "nothing committed there");
    }
    get(
        admin
            .alterConsumerGroupOffsets(
                group, Map.of(place, new OffsetAndMetadata(2), other, new OffsetAndMetadata(0)))
            .all());
    Map<TopicPartition, OffsetAndMetadata> listed =
        get(
            admin
                .listConsumerGroupOffsets(Map.of(group, new ListConsumerGroupOffsetsSpec()))
                .partitionsToOffsetAndMetadata(group));
    expectEqual(2L, listed.get(place).offset());
    get(admin.deleteConsumerGroupOffsets(group, Set.of(other)).all());
    expectEqual(
        Set.of(place),
        get(admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata(group)).keySet());
  }

  private void transactions() throws Exception {
    String topic = newTopic(1);
    TopicPartition place = new TopicPartition(topic, 0);
    List<String> committed = new ArrayList<>();
    try (KafkaProducer<String, String> producer = producer(Map.of("transactional.id", topic));
        KafkaConsumer<String, String> consumer = consumer(Map.of("group.id", topic + "-group"))) {
      producer.initTransactions();
      for (int number = 0; number < 9; number++) {
        producer.beginTransaction();
        for (int i = 0; i < 10; i++) {
          producer.send(new ProducerRecord<>(topic, "t" + number + "-" + i));
        }
        producer.sendOffsetsToTransaction(
            Map.of(place, new OffsetAndMetadata(number)), consumer.groupMetadata());
        if (number % 3 == 1) {
          producer.flush();
          producer.abortTransaction();
        } else {
          producer.commitTransaction();
          for (int i = 0; i < 10; i++) {
            committed.add("t" + number + "-" + i);
          }
        }
        long stored = number % 3 == 1 ? number - 1 : number;
        expectEqual(stored, consumer.committed(Set.of(place)).get(place).offset());
      }
    }
    expectEqual(committed, readToEnd(topic, 0, "read_committed"));
    expectEqual(90, readToEnd(topic, 0, "read_uncommitted").size());
  }

  private void describedTransactions() throws Exception {
    String topic = newTopic(1);
    TopicPartition place = new TopicPartition(topic, 0);
    try (KafkaProducer<String, String> producer =
        producer(Map.of("transactional.id", topic, "transaction.timeout.ms", 45_000))) {
      producer.initTransactions();
      producer.beginTransaction();
      get(producer.send(new ProducerRecord<>(topic, "open")));
      TransactionDescription described =
          get(admin.describeTransactions(List.of(topic)).all()).get(topic);
      expectEqual(TransactionState.ONGOING, described.state());
      expectEqual(Set.of(place), described.topicPartitions());
      expectEqual(45_000L, described.transactionTimeoutMs());
      expect(described.transactionStartTimeMs().isPresent(), "when it began");
      expect(
          get(admin.listTransactions().all()).stream()
              .anyMatch(
                  t -> t.transactionalId().equals(topic) && t.state() == TransactionState.ONGOING),
          "it is listed");
      var active = get(admin.describeProducers(List.of(place)).all()).get(place).activeProducers();
      expectEqual(1, active.size());
      expectEqual(described.producerId(), active.get(0).producerId());
      expectEqual(0L, active.get(0).currentTransactionStartOffset().orElse(-1));
      producer.commitTransaction();
      eventually(
          "the transaction's end",
          () -> {
            try {
              return get(admin.describeTransactions(List.of(topic)).all()).get(topic).state()
                  == TransactionState.COMPLETE_COMMIT;
            } catch (Exception e) {
              return false;
            }
          });
    }
  }

  private void fencing() throws Exception {
    String topic = newTopic(1);
    KafkaProducer<String, String> first = producer(Map.of("transactional.id", topic));
    first.initTransactions();
    first.beginTransaction();
    get(first.send(new ProducerRecord<>(topic, "first")));
    try (KafkaProducer<String, String> second = producer(Map.of("transactional.id", topic))) {
      second.initTransactions();
      second.beginTransaction();
      second.send(new ProducerRecord<>(topic, "second"));
      second.commitTransaction();
    }
    try {
      first.send(new ProducerRecord<>(topic, "late"));
      first.commitTransaction();
      throw new AssertionError("the fenced producer committed");
    } catch (ProducerFencedException | InvalidProducerEpochException e) {
      expect(true, e);
    } catch (KafkaException e) {
      expect(
          e.getCause() instanceof ProducerFencedException
              || e.getCause() instanceof InvalidProducerEpochException,
          e);
    } finally {
      first.close(Duration.ZERO);
    }
    expectEqual(List.of("second"), readToEnd(topic, 0, "read_committed"));
    KafkaProducer<String, String> third = producer(Map.of("transactional.id", topic));
    third.initTransactions();
    get(admin.fenceProducers(List.of(topic)).all());
    try {
      third.beginTransaction();
      third.send(new ProducerRecord<>(topic, "late"));
      third.commitTransaction();
      throw new AssertionError("the producer that was fenced by hand committed");
    } catch (KafkaException e) {
      expectEqual(List.of("second"), readToEnd(topic, 0, "read_committed"));
    } finally {
      third.close(Duration.ZERO);
    }
  }

  private void recordTooLarge() throws Exception {
    String topic = newTopic(1);
    try (KafkaProducer<String, String> producer =
        producer(Map.of("max.request.size", 10_000_000))) {
      expectRefused(
          RecordTooLargeException.class,
          producer.send(new ProducerRecord<>(topic, "x".repeat(3_000_000))));
      expectEqual(0L, get(producer.send(new ProducerRecord<>(topic, "small"))).offset());
    }
  }

  private void topics() throws Exception {
    String name = "matrix-" + UUID.randomUUID();
    NewTopic plan = new NewTopic(name, 2, (short) 1).configs(Map.of("retention.ms", "100000"));
    CreateTopicsResult made = admin.createTopics(List.of(plan));
    Uuid id = get(made.topicId(name));
    expect(!id.equals(Uuid.ZERO_UUID), "the topic has an id");
    expectEqual(2, get(made.numPartitions(name)));
    expectEqual("100000", get(made.config(name)).get("retention.ms").value());
    expectRefused(TopicExistsException.class, admin.createTopics(List.of(plan)).all());
    get(admin.createPartitions(Map.of(name, NewPartitions.increaseTo(3))).all());
    eventually(
        "three partitions",
        () -> {
          try {
            TopicDescription described =
                get(admin.describeTopics(List.of(name)).allTopicNames()).get(name);
            return described.partitions().size() == 3
                && described.partitions().get(0).leader() != null;
          } catch (Exception e) {
            return false;
          }
        });
    expect(get(admin.listTopics().names()).contains(name), "the topic is listed");
    get(admin.deleteTopics(List.of(name)).all());
    eventually(
        "the topic is gone",
        () -> {
          try {
            return !get(admin.listTopics().names()).contains(name);
          } catch (Exception e) {
            return false;
          }
        });
    expectRefused(UnknownTopicOrPartitionException.class, admin.deleteTopics(List.of(name)).all());
  }

  private Config settings(ConfigResource resource) {
    try {
      return get(admin.describeConfigs(List.of(resource)).all()).get(resource);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private void topicSettings() throws Exception {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, newTopic(1));
    expect(settings(resource).get("retention.ms").isDefault(), "a default");
    get(
        admin
            .incrementalAlterConfigs(
                Map.of(
                    resource,
                    List.of(
                        new AlterConfigOp(
                            new ConfigEntry("retention.ms", "5000"), AlterConfigOp.OpType.SET),
                        new AlterConfigOp(
                            new ConfigEntry("cleanup.policy", "compact"),
                            AlterConfigOp.OpType.APPEND))))
            .all());
    eventually(
        "the new setting", () -> settings(resource).get("retention.ms").value().equals("5000"));
    expectEqual(
        ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG,
        settings(resource).get("retention.ms").source());
    expectEqual(
        Set.of("delete", "compact"),
        Set.of(settings(resource).get("cleanup.policy").value().split(",")));
    expectRefused(
        InvalidConfigurationException.class,
        admin
            .incrementalAlterConfigs(
                Map.of(
                    resource,
                    List.of(
                        new AlterConfigOp(
                            new ConfigEntry("retention.ms", "soon"), AlterConfigOp.OpType.SET))))
            .all());
    get(
        admin
            .incrementalAlterConfigs(
                Map.of(
                    resource,
                    List.of(
                        new AlterConfigOp(
                            new ConfigEntry("retention.ms", null), AlterConfigOp.OpType.DELETE))))
            .all());
    eventually("the default again", () -> settings(resource).get("retention.ms").isDefault());
  }

  private void cluster() throws Exception {
    var described = admin.describeCluster();
    int node = get(described.controller()).id();
    expectEqual(1, get(described.nodes()).size());
    expect(!get(described.clusterId()).isEmpty(), "a cluster id");
    Config config = settings(new ConfigResource(ConfigResource.Type.BROKER, String.valueOf(node)));
    expect(config.get("num.partitions") != null, "the broker's settings");
    expect(
        get(admin.describeLogDirs(List.of(node)).allDescriptions()).get(node).size() == 1,
        "one log folder");
    get(admin.describeFeatures().featureMetadata());
  }

  private long offset(TopicPartition place, OffsetSpec spec) throws Exception {
    ListOffsetsOptions committed = new ListOffsetsOptions(IsolationLevel.READ_COMMITTED);
    return get(admin.listOffsets(Map.of(place, spec), committed).all()).get(place).offset();
  }

  private void records() throws Exception {
    TopicPartition place = new TopicPartition(newTopic(1), 0);
    write(place.topic(), 0, 10);
    expectEqual(0L, offset(place, OffsetSpec.earliest()));
    expectEqual(10L, offset(place, OffsetSpec.latest()));
    expectEqual(0L, offset(place, OffsetSpec.forTimestamp(0)));
    expect(offset(place, OffsetSpec.maxTimestamp()) >= 0, "the youngest record");
    expectEqual(
        6L,
        get(admin
                .deleteRecords(Map.of(place, RecordsToDelete.beforeOffset(6)))
                .lowWatermarks()
                .get(place))
            .lowWatermark());
    expectEqual(6L, offset(place, OffsetSpec.earliest()));
    expectEqual(List.of("v6", "v7", "v8", "v9"), readToEnd(place.topic(), 0, "read_committed"));
    expectRefused(
        OffsetOutOfRangeException.class,
        admin.deleteRecords(Map.of(place, RecordsToDelete.beforeOffset(11))).all());
  }

  private void groups() throws Exception {
    String topic = newTopic(1);
    String group = topic + "-group";
    write(topic, 0, 1);
    try (KafkaConsumer<String, String> member =
        consumer(Map.of("group.id", group, "client.id", "the-member"))) {
      member.subscribe(List.of(topic));
      eventually(
          "an assignment",
          () -> {
            member.poll(Duration.ofMillis(20));
            return !member.assignment().isEmpty();
          });
      member.commitSync(Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(1)));
      ConsumerGroupDescription described =
          get(admin.describeConsumerGroups(List.of(group)).all()).get(group);
      expectEqual(GroupState.STABLE, described.groupState());
      expectEqual("range", described.partitionAssignor());
      var members = described.members();
      expectEqual(1, members.size());
      expectEqual("the-member", members.iterator().next().clientId());
      expectEqual(
          Set.of(new TopicPartition(topic, 0)),
          members.iterator().next().assignment().topicPartitions());
      expectRefused(GroupNotEmptyException.class, admin.deleteConsumerGroups(List.of(group)).all());
      expectEqual(
          "range",
          get(admin.describeClassicGroups(List.of(group)).all()).get(group).protocolData());
    }
    GroupListing listed =
        get(admin.listGroups().all()).stream()
            .filter(g -> g.groupId().equals(group))
            .findFirst()
            .orElseThrow();
    expectEqual(Optional.of(GroupState.EMPTY), listed.groupState());
    expectEqual("consumer", listed.protocol());
    expect(listed.type().isEmpty() || listed.type().get() == GroupType.CLASSIC, listed);
    get(admin.deleteConsumerGroups(List.of(group)).all());
    expect(
        get(admin.listGroups().all()).stream().noneMatch(g -> g.groupId().equals(group)),
        "the group is gone");
    expectRefused(GroupIdNotFoundException.class, admin.deleteConsumerGroups(List.of(group)).all());
  }
}
