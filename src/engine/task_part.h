// TaskPart: what one task adds to a checkpoint.
#pragma once

#include <vector>

#include "state/job_store.h"

namespace dataflow::engine {

struct TaskPart {
  std::vector<state::TableDelta> deltas;
  std::vector<state::NamedState> named;
  std::vector<state::Committable> committables;

  void append(TaskPart&& more) {
    auto move_into = [](auto& to, auto& from) {
      to.insert(to.end(), std::make_move_iterator(from.begin()),
                std::make_move_iterator(from.end()));
    };
    move_into(deltas, more.deltas);
    move_into(named, more.named);
    move_into(committables, more.committables);
  }
};

}  // namespace dataflow::engine
