// What transactional requests answer with.
#pragma once

#include <cstdint>

#include "broker.h"

namespace dataflow::kafka {

// Versions 0 and 1 of these requests know no PRODUCER_FENCED.
inline constexpr int16_t kFirstTxnWithProducerFenced = 2;

inline wire::ErrorCode transaction_error(Broker& broker, const Status& status, int16_t version) {
  wire::ErrorCode code = broker.coordinator(status);
  bool fenced = code == wire::ErrorCode::kProducerFenced;
  return fenced && version < kFirstTxnWithProducerFenced ? wire::ErrorCode::kInvalidProducerEpoch
                                                         : code;
}

}  // namespace dataflow::kafka
