// The words in which a group refuses something.
#pragma once

#include <string>

#include "base/ids.h"
#include "log/fault.h"

namespace dataflow::log::group_faults {

inline Status unknown_member(const std::string& group, const std::string& member) {
  return fault(Fault::kUnknownMember, StatusCode::kNotFound,
               "group `" + group + "` has no member `" + member +
                   "`: its session ended or it left; join the group again");
}
inline Status fenced(const std::string& group, const std::string& instance) {
  return fault(Fault::kFencedInstance, StatusCode::kConflict,
               "in group `" + group + "` another member took over the instance id `" + instance +
                   "`; give every running consumer an instance id of its own");
}
inline Status illegal_generation(const std::string& group, Generation asked, Generation current) {
  return fault(Fault::kIllegalGeneration, StatusCode::kConflict,
               "group `" + group + "` is in generation " + std::to_string(current.value()) +
                   ", the request is of generation " + std::to_string(asked.value()) +
                   "; join the group again");
}
inline Status rebalancing(const std::string& group) {
  return fault(Fault::kRebalanceInProgress, StatusCode::kConflict,
               "group `" + group + "` is rebalancing; join it again");
}
inline Status inconsistent(const std::string& group, const std::string& what) {
  return fault(Fault::kInconsistentProtocol, StatusCode::kConflict,
               "joining group `" + group + "`: " + what);
}
inline Status full(const std::string& group, int32_t limit) {
  return fault(Fault::kGroupMaxSizeReached, StatusCode::kTooLarge,
               "group `" + group + "` has its maximum of " + std::to_string(limit) + " members");
}
inline Status not_found(const std::string& group) {
  return fault(Fault::kGroupNotFound, StatusCode::kNotFound, "there is no group `" + group + "`");
}
inline Status not_empty(const std::string& group, const std::string& why) {
  return fault(Fault::kGroupNotEmpty, StatusCode::kConflict, "group `" + group + "` " + why);
}
inline Status invalid_id() {
  return fault(Fault::kInvalidGroupId, StatusCode::kInvalid,
               "the group id is empty; set group.id in the client");
}
inline Status superseded(const std::string& group) {
  return Status::unavailable("a later request of the same member of group `" + group +
                             "` took this one's place");
}

}  // namespace dataflow::log::group_faults
