// The rows of the transactions' tables.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "log/groups.h"
#include "transaction_state.h"

namespace dataflow::log {

std::string transaction_key(std::string_view transactional_id);
Result<std::string> read_transaction_key(std::string_view key);
std::string transaction_row(const TransactionRecord& record);
Result<TransactionRecord> read_transaction_row(std::string_view row);

std::string transaction_offset_key(std::string_view transactional_id, const std::string& group,
                                   const TopicPartition& partition);
std::string transaction_offset_row(const OffsetToCommit& offset);
struct TransactionOffset {
  std::string transactional_id;
  TransactionalOffsets::Staged staged;
};
Result<TransactionOffset> read_transaction_offset(std::string_view key, std::string_view row);

}  // namespace dataflow::log
