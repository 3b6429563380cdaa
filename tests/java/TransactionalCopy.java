import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Copies one topic to another, each batch and its offsets in one transaction, partition to
 * partition. It can be killed at any moment and started again: the copy must hold every record
 * exactly once. Every fifth transaction is aborted first. Ends when everything that was in the
 * source at the start is copied.
 *
 * <p>{@code TransactionalCopy bootstrap source sink id}
 */
public final class TransactionalCopy {
  private static final Duration POLL = Duration.ofMillis(100);

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final KafkaProducer<byte[], byte[]> producer;
  private final String sink;
  private int transactions;

  private TransactionalCopy(String bootstrap, String sink, String id) {
    this.sink = sink;
    Properties reading = new Properties();
    reading.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    reading.put(ConsumerConfig.GROUP_ID_CONFIG, id + "-group");
    // A static member: whoever takes over need not wait until the killed one's session is over.
    reading.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, id);
    reading.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    reading.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    reading.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    reading.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 200);
    reading.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 50);
    reading.put(ConsumerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 100);
    consumer =
        new KafkaConsumer<>(reading, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    Properties writing = new Properties();
    writing.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    writing.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, id);
    writing.put(ProducerConfig.LINGER_MS_CONFIG, 1);
    writing.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
    writing.put(ProducerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 100);
    producer = new KafkaProducer<>(writing, new ByteArraySerializer(), new ByteArraySerializer());
  }

  public static void main(String[] args) {
    TransactionalCopy copy = new TransactionalCopy(args[0], args[2], args[3]);
    copy.run(args[1]);
    System.out.println("done after " + copy.transactions + " transactions");
  }

  private void run(String source) {
    producer.initTransactions();
    consumer.subscribe(List.of(source));
    Map<TopicPartition, Long> ends = new HashMap<>();
    consumer
        .partitionsFor(source)
        .forEach(p -> ends.put(new TopicPartition(source, p.partition()), 0L));
    ends.putAll(consumer.endOffsets(ends.keySet()));
    while (!reached(ends)) {
      ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
      if (!records.isEmpty()) {
        copy(records);
      }
    }
    consumer.close();
    producer.close();
  }

  private boolean reached(Map<TopicPartition, Long> ends) {
    if (consumer.assignment().size() < ends.size()) {
      return false;
    }
    return ends.entrySet().stream()
        .allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
  }

  private void copy(ConsumerRecords<byte[], byte[]> records) {
    boolean abort = ++transactions % 5 == 0;
    producer.beginTransaction();
    try {
      for (ConsumerRecord<byte[], byte[]> record : records) {
        producer.send(new ProducerRecord<>(sink, record.partition(), record.key(), record.value()));
      }
      Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
      for (TopicPartition partition : records.partitions()) {
        List<ConsumerRecord<byte[], byte[]>> own = records.records(partition);
        offsets.put(partition, new OffsetAndMetadata(own.get(own.size() - 1).offset() + 1));
      }
      producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
      if (abort) {
        producer.flush();
        producer.abortTransaction();
        rewind();
      } else {
        producer.commitTransaction();
      }
    } catch (ProducerFencedException e) {
      throw e;
    } catch (KafkaException e) {
      System.out.println("aborting after " + e);
      producer.abortTransaction();
      rewind();
    }
  }

  private void rewind() {
    Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(consumer.assignment());
    for (TopicPartition partition : consumer.assignment()) {
      OffsetAndMetadata offset = committed.get(partition);
      if (offset == null) {
        consumer.seekToBeginning(List.of(partition));
      } else {
        consumer.seek(partition, offset);
      }
    }
  }
}
