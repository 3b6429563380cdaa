// What `dataflow stream …` asks of the server.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/session.h"

namespace dataflow::cli {

struct StreamCreate {
  std::string name;
  int32_t partitions = -1;  // the server's default
  int16_t replication = -1;
  std::string retention;             // "7d", "forever"
  std::string retention_bytes;       // "10GiB"
  std::vector<std::string> configs;  // "k=v"
  bool if_not_exists = false;
};
Status create_stream(Session& session, const StreamCreate& options);

Status list_streams(Session& session, bool internal);
Status describe_stream(Session& session, const std::string& name);

struct StreamAlter {
  std::string name;
  std::optional<int32_t> partitions;
  std::string retention;
  std::string retention_bytes;
  std::vector<std::string> configs;
  std::vector<std::string> deleted_configs;
};
Status alter_stream(Session& session, const StreamAlter& options);

Status delete_streams(Session& session, const std::vector<std::string>& names, bool yes,
                      bool if_exists);

// "k=v" of --config, with --retention and --retention-bytes as what they stand for. Usage error for
// what is no pair.
Result<std::vector<std::pair<std::string, std::string>>> topic_settings(
    const std::vector<std::string>& pairs, const std::string& retention,
    const std::string& retention_bytes);

}  // namespace dataflow::cli
