#include "transaction_state.h"

#include <algorithm>

namespace dataflow::log {

namespace {

std::string words(const TransactionIdentity& who) {
  return "transactional id `" + who.transactional_id + "`, producer " +
         std::to_string(who.producer_id.value()) + " epoch " +
         std::to_string(who.producer_epoch.value());
}

Status producer_fenced(const std::string& id) {
  return fault(
      Fault::kProducerFenced, StatusCode::kConflict,
      "transactional id `" + id +
          "`: a newer producer took it over, or its transaction timed out; make a new producer");
}

Status invalid_state(const std::string& id, const std::string& what) {
  return fault(Fault::kInvalidTransactionState, StatusCode::kConflict,
               "transactional id `" + id + "`: " + what);
}

}  // namespace

std::string_view transaction_phase_name(TransactionPhase phase) {
  switch (phase) {
    case TransactionPhase::kEmpty: return "Empty";
    case TransactionPhase::kOngoing: return "Ongoing";
    case TransactionPhase::kPrepareCommit: return "PrepareCommit";
    case TransactionPhase::kPrepareAbort: return "PrepareAbort";
    case TransactionPhase::kCompleteCommit: return "CompleteCommit";
    case TransactionPhase::kCompleteAbort: return "CompleteAbort";
  }
  return "Unknown";
}

bool is_decided(TransactionPhase phase) {
  return phase == TransactionPhase::kPrepareCommit || phase == TransactionPhase::kPrepareAbort;
}

bool is_finished(TransactionPhase phase) {
  return phase != TransactionPhase::kOngoing && !is_decided(phase);
}

Status concurrent_transactions(const std::string& transactional_id) {
  return fault(Fault::kConcurrentTransactions, StatusCode::kUnavailable,
               "transactional id `" + transactional_id +
                   "`: the last request or transaction is still being finished; try again");
}

Result<InitDecision> decide_init(const TransactionRecord& current,
                                 const InitProducerRequest& request, Timestamp now) {
  const std::string& id = *request.transactional_id;
  const bool names_identity = request.producer_id != kNoProducerId;
  const bool fresh = current.producer_id == kNoProducerId;
  TransactionRecord next;
  next.producer_id = current.producer_id;
  next.timeout_ms = request.timeout_ms;
  next.updated = now;
  if (fresh) {
    next.epoch = ProducerEpoch(0);
    return InitDecision{InitDecision::Kind::kNewProducerId, std::move(next)};
  }
  const bool repeats_rotation =
      request.producer_id == current.last_producer_id && request.producer_epoch >= kExhaustedEpoch;
  if (names_identity && request.producer_id != current.producer_id && !repeats_rotation) {
    return producer_fenced(id);
  }
  if (is_decided(current.phase)) return concurrent_transactions(id);
  const bool is_current =
      request.producer_id == current.producer_id && request.producer_epoch == current.epoch;
  if (current.phase == TransactionPhase::kOngoing) {
    if (names_identity && !is_current) return producer_fenced(id);
    return InitDecision{InitDecision::Kind::kAbortFirst, fenced(current)};
  }
  const bool was_current = names_identity && current.last_epoch != kNoProducerEpoch &&
                           request.producer_epoch == current.last_epoch;
  // The very last epoch is left to fence with; no producer may have it.
  const bool raised_too_far = was_current && current.epoch > kExhaustedEpoch;
  if (current.epoch >= kExhaustedEpoch && (!names_identity || is_current || raised_too_far)) {
    next.producer_id = kNoProducerId;
    next.epoch = ProducerEpoch(0);
    next.last_producer_id = current.producer_id;
    if (names_identity) next.last_epoch = request.producer_epoch;
    return InitDecision{InitDecision::Kind::kNewProducerId, std::move(next)};
  }
  next.last_producer_id = current.last_producer_id;
  if (!names_identity || is_current) {
    next.epoch = current.epoch + 1;
    if (names_identity) next.last_epoch = current.epoch;
  } else if (was_current) {
    next.epoch = current.epoch;
    next.last_epoch = current.last_epoch;
  } else {
    return producer_fenced(id);
  }
  return InitDecision{InitDecision::Kind::kStore, std::move(next)};
}

Status check_identity(const TransactionRecord& current, const TransactionIdentity& who,
                      Fault stale) {
  if (current.producer_id == kNoProducerId || current.producer_id != who.producer_id) {
    return fault(Fault::kInvalidProducerIdMapping, StatusCode::kConflict,
                 words(who) + ": the id is not this producer's; initialise the producer first");
  }
  if (current.epoch != who.producer_epoch) {
    return fault(stale, StatusCode::kConflict,
                 words(who) + ": its epoch is " + std::to_string(current.epoch.value()) +
                     " now; a newer producer took it over, or the transaction timed out");
  }
  return {};
}

Status check_addable(const TransactionRecord& current, const std::string& transactional_id) {
  return is_decided(current.phase) ? concurrent_transactions(transactional_id) : Status();
}

std::optional<TransactionRecord> with_added(const TransactionRecord& current,
                                            const std::vector<TopicPartition>& partitions,
                                            const std::optional<std::string>& group,
                                            Timestamp now) {
  TransactionRecord next = current;
  if (next.phase != TransactionPhase::kOngoing) {
    next.phase = TransactionPhase::kOngoing;
    next.started = now;
    next.partitions.clear();
    next.groups.clear();
  }
  next.partitions.insert(partitions.begin(), partitions.end());
  if (group) next.groups.insert(*group);
  if (next == current) return std::nullopt;
  next.updated = now;
  return next;
}

Result<EndDecision> decide_end(const TransactionRecord& current,
                               const std::string& transactional_id, bool commit) {
  switch (current.phase) {
    case TransactionPhase::kOngoing: return EndDecision::kBegin;
    case TransactionPhase::kEmpty:
      return invalid_state(transactional_id, "no transaction has begun that could be ended");
    case TransactionPhase::kPrepareCommit:
    case TransactionPhase::kPrepareAbort:
      if (commit == (current.phase == TransactionPhase::kPrepareCommit)) {
        return concurrent_transactions(transactional_id);
      }
      break;
    case TransactionPhase::kCompleteCommit:
    case TransactionPhase::kCompleteAbort:
      if (commit == (current.phase == TransactionPhase::kCompleteCommit)) {
        return EndDecision::kDoneAlready;
      }
      break;
  }
  return invalid_state(transactional_id,
                       commit ? "the transaction was aborted and cannot be committed"
                              : "the transaction was committed and cannot be aborted");
}

TransactionRecord fenced(const TransactionRecord& current) {
  TransactionRecord next = current;
  if (next.epoch.value() < INT16_MAX) next.epoch = next.epoch + 1;
  // Nobody has this epoch yet. If the producer comes back with its own identity before another one
  // takes over, it may have it and goes on (KIP-588).
  next.last_epoch = current.epoch;
  return next;
}

TransactionRecord decided(const TransactionRecord& current, bool commit, Timestamp now) {
  TransactionRecord next = current;
  next.phase = commit ? TransactionPhase::kPrepareCommit : TransactionPhase::kPrepareAbort;
  next.updated = now;
  return next;
}

TransactionRecord completed(const TransactionRecord& current, Timestamp now) {
  TransactionRecord next = current;
  next.phase = current.phase == TransactionPhase::kPrepareCommit ? TransactionPhase::kCompleteCommit
                                                                 : TransactionPhase::kCompleteAbort;
  next.updated = now;
  next.partitions.clear();
  next.groups.clear();
  return next;
}

bool expired(const TransactionRecord& current, int64_t id_expiration_ms, Timestamp now) {
  return is_finished(current.phase) && now - current.updated >= id_expiration_ms;
}

}  // namespace dataflow::log
