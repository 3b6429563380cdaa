// FourWays: a bed for whole jobs over tables in memory that must give the same rows however they
// are run: at one go, killed and restored with checkpoints in between, restored at other
// parallelisms, and with the input cut otherwise.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/timer_queue.h"
#include "engine/job.h"
#include "engine/memory_connectors.h"

namespace dataflow::engine {

struct Way {
  const char* name;
  bool kills = false;
  bool rescales = false;
  bool shuffles = false;
};
inline constexpr std::array<Way, 4> kWays = {{{"whole"},
                                              {"killed and restored", true},
                                              {"restored at another parallelism", true, true},
                                              {"cut otherwise", false, false, true}}};

class FourWays {
 public:
  // `stretch`: rows of a split between two watermarks. The jobs' state is kept at `dir`.
  FourWays(std::string dir, int64_t stretch);
  ~FourWays();

  MemoryConnectors& connectors() { return connectors_; }
  // Forgets all results and state, and runs the validated plan to its end.
  Status run(const plan::Plan& valid, const Way& way, std::mt19937_64& random);
  // A job without end is stopped as soon as this says so; asked behind checkpoints.
  void set_enough(std::function<bool()> enough) { enough_ = std::move(enough); }
  // Whether the plan runs as it stands, without its rewrites.
  void set_as_written(bool as_written) { as_written_ = as_written; }
  // How many rows a source gives at once; where the input is cut otherwise, at most thirty times
  // so many.
  void set_chunk_rows(size_t rows) { chunk_rows_ = rows; }
  // By reason, of the last run in all of its attempts.
  const std::map<std::string, uint64_t>& dead_letters() const { return dead_letters_; }
  // Of one sink, sorted.
  std::vector<std::string> rows_of(const std::string& result);

 private:
  Status end(Job& job);

  Env& env_ = posix_env();
  const std::string dir_;
  TimerQueue timers_{env_};
  MemoryConnectors connectors_;
  std::unique_ptr<Engine> engine_;
  std::function<bool()> enough_;
  bool as_written_ = false;
  size_t chunk_rows_ = 7;
  std::map<std::string, uint64_t> dead_letters_;
};

}  // namespace dataflow::engine
