// The coordinators' tables in meta. Ids 16 to 31 are theirs.
#pragma once

#include "meta/store.h"

namespace dataflow::log {

// group -> GroupRecord. A group without members that only keeps offsets has no row here.
inline constexpr meta::Table kGroupsTable{16, "groups"};
// group, topic, partition -> CommittedOffset
inline constexpr meta::Table kGroupOffsetsTable{17, "group_offsets"};
// transactional id -> TransactionRecord
inline constexpr meta::Table kTransactionsTable{18, "transactions"};
// transactional id, group, topic, partition -> an offset that takes effect with the commit
inline constexpr meta::Table kTransactionOffsetsTable{19, "transaction_offsets"};
// name -> the next value that no process has reserved yet
inline constexpr meta::Table kReservationsTable{20, "reservations"};

}  // namespace dataflow::log
