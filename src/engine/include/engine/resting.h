// What a sink's writer may be beside SinkWriter, and the engine looks for: one whose rows somebody
// outside of the job has to take on.
#pragma once

#include <functional>

namespace dataflow::engine {

class Resting {
 public:
  virtual ~Resting() = default;
  // Whether it would rather take no rows now: its task rests, but for barriers and its end. Then
  // `wake`, which may be called from any thread and even behind the job's end, tells that it does
  // again. Asked before each step of the task; what a step makes is written all the same.
  virtual bool is_full(const std::function<void()>& wake) = 0;
};

}  // namespace dataflow::engine
