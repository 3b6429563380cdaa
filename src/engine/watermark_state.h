// How far an operator has come in time, as named state: after a restore it knows what it has
// closed. In event time that is the watermark, and every task of the operator has the same one at a
// barrier. In processing time it is the last moment at which a task closed what was due; the clock
// does not go back behind the latest of them.
#pragma once

#include <string>

#include "base/status.h"
#include "engine/operator.h"

namespace dataflow::engine {

class WatermarkState {
 public:
  explicit WatermarkState(bool processing_time) : processing_time_(processing_time) {}

  Status open(OperatorContext& context);
  Watermark value() const { return value_; }
  // False if it is no news: after a restore the inputs tell again what was known before.
  bool advance(Watermark watermark);
  void before_barrier(OperatorContext& context);

 private:
  const bool processing_time_;
  std::string name_;
  Watermark value_ = kNoWatermark;
  bool changed_ = false;
};

}  // namespace dataflow::engine
