// Several neighbouring segments become one. The new one is whole and on disk before its name says
// so; from then on the old ones are only in the way, and whoever finds that name finishes the work.
//
//   <base>.log.cleaned        being written; means nothing
//   <base>-<end>.joined       stands for all segments from `base` to `end`: the rename decides
//   the old .index and .log go, but for <base>.log; the folder is synced
//   <base>.log                the rename that puts it in the first one's place
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/env.h"
#include "base/ids.h"
#include "base/status.h"

namespace dataflow::log {

struct JoinedRange {
  Offset base;
  Offset end;  // behind the last offset

  std::string file_name() const;
  static std::optional<JoinedRange> parse(std::string_view name);
};

// The file under the range's name takes the place of the segments of the range. Done twice, or from
// where it was left, it comes to the same.
Status finish_join(Env& env, const std::string& dir, const JoinedRange& range);
// Every join that a crash left in the folder.
Status finish_joins(Env& env, const std::string& dir);

}  // namespace dataflow::log
