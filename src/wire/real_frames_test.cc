// Messages that real clients and Apache Kafka 4.3 exchanged (kcat, librdkafka, kafka-python,
// aiokafka, Kafka's Java tools), as they lie among the fuzzer's seeds: the codec must write what it
// read.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include <gtest/gtest.h>

#include "hex_bytes.h"
#include "wire/message_table.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace dataflow::wire {
namespace {

const MessageEntry* find_message(uint8_t key_and_direction) {
  for (const MessageEntry& entry : message_table()) {
    bool is_request = (key_and_direction & 0x80) == 0;
    if (static_cast<int>(entry.key) == (key_and_direction & 0x7f) &&
        entry.is_request == is_request) {
      return &entry;
    }
  }
  return nullptr;
}

TEST(RealFrames, are_written_as_they_were_read) {
  std::set<std::string_view> messages;
  for (const auto& file : std::filesystem::directory_iterator(DATAFLOW_WIRE_FRAMES)) {
    std::string name = file.path().filename().string();
    if (!name.starts_with("real_")) continue;
    SCOPED_TRACE(name);
    std::ifstream in_file(file.path(), std::ios::binary);
    std::string bytes(std::istreambuf_iterator<char>(in_file), {});
    ASSERT_GE(bytes.size(), 2u);
    const MessageEntry* entry = find_message(static_cast<uint8_t>(bytes[0]));
    ASSERT_NE(entry, nullptr);
    messages.insert(entry->name);
    std::string_view message = std::string_view(bytes).substr(2);
    Reader in(message);
    Writer out;
    Status status = entry->reencode(in, out, bytes[1]);
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_TRUE(in.expect_end().ok()) << in.expect_end();
    EXPECT_EQ(to_hex(out.view()), to_hex(message));
  }
  EXPECT_GE(messages.size(), 60u);
}

}  // namespace
}  // namespace dataflow::wire
